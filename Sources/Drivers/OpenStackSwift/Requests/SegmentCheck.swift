// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// Checks whether the store has all segments of an object, by querying each of them.
///
/// A HEAD of an object with missing segments succeeds: only a GET fails.
struct SegmentCheck: Hashable {
    enum Finding: Hashable {
        /// No result yet: the next segment must be queried.
        case incomplete
        /// All segments exist.
        case whole
        /// A segment is missing or differs from the object's.
        case damaged
        /// The store does not report enough about a segment.
        case unknown
    }

    /// The attempt in the object's metadata.
    let attempt: UploadAttempt
    private let upload: UploadID
    private let byteCount: UInt64
    private let etag: EntityTag?
    private var number = 0
    private var foundBytes: UInt64 = 0
    /// The checksums of the segments; nil once one is not comparable.
    private var checksums: [UInt8]? = []

    /// Creates a check.
    ///
    /// - Parameter object: The response to a HEAD of the object.
    /// - Returns: nil if the response does not contain the object's attempt or size.
    init?(of object: StoreAnswer, upload: UploadID) {
        guard object.uploadID == upload, let attempt = object.attempt, let byteCount = object.byteCount else {
            return nil
        }
        self.attempt = attempt
        self.upload = upload
        self.byteCount = byteCount
        etag = object.etag
    }

    /// The request for the next segment.
    var request: StoreRequest { .checkSegment(SegmentName(upload: upload, attempt: attempt, number: number)) }

    /// Processes the response to ``request``.
    ///
    /// - Parameter answer: A success, or 404.
    mutating func take(_ answer: StoreAnswer) -> Finding {
        guard answer.isSuccess else { return .damaged }
        guard let segmentBytes = answer.byteCount else { return .unknown }
        if let tag = answer.etag, tag.isMD5 { checksums?.append(contentsOf: tag.value.utf8) } else { checksums = nil }
        let (sum, isOverflow) = foundBytes.addingReportingOverflow(segmentBytes)
        foundBytes = sum
        number += 1
        guard !isOverflow, foundBytes <= byteCount else { return .damaged }
        guard foundBytes == byteCount else { return number < SegmentManifest.greatestCount ? .incomplete : .damaged }
        guard let checksums, let etag, etag.isMD5 else { return .whole }
        guard let md5 = try? MD5Digest.hexDigits(of: checksums) else { return .unknown }
        return md5 == etag.value ? .whole : .damaged
    }
}
