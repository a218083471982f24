// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// Finds out whether the store has all segments of an object, by asking for one after the other.
///
/// A store answers a HEAD of an object in segments also if segments are missing: only a GET fails.
struct SegmentCheck: Hashable {
    enum Finding: Hashable {
        /// Nothing is known yet: the next segment is to be asked for.
        case incomplete
        /// All segments exist.
        case whole
        /// A segment is missing, or is not the one that the object was made of.
        case damaged
        /// The store does not say enough about a segment.
        case unknown
    }

    /// The attempt that the object names.
    let attempt: UploadAttempt
    private let upload: UploadID
    private let byteCount: UInt64
    private let etag: EntityTag?
    private var number = 0
    private var foundBytes: UInt64 = 0
    /// The checksums of the segments; nil once one is not comparable.
    private var checksums: [UInt8]? = []

    /// Begins a check.
    ///
    /// - Parameter object: The answer to a HEAD of the object.
    /// - Returns: nil if the object does not say which segments it has, or how large it is.
    init?(of object: StoreAnswer, upload: UploadID) {
        guard object.uploadID == upload, let attempt = object.attempt, let byteCount = object.byteCount else {
            return nil
        }
        self.attempt = attempt
        self.upload = upload
        self.byteCount = byteCount
        etag = object.etag
    }

    /// The request for the segment whose turn it is.
    var request: StoreRequest { .checkSegment(SegmentName(upload: upload, attempt: attempt, number: number)) }

    /// Takes the answer to ``request``.
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
