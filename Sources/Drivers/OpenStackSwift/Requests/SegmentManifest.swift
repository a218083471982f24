// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// The manifest of a Static Large Object: the list of its segments.
struct SegmentManifest: Hashable, Sendable {
    /// OpenStack Swift's default limit on segments.
    static let greatestCount = 1000

    /// The manifest as JSON.
    let json: [UInt8]
    /// The object's checksum: the MD5 of the concatenated MD5s of the segments.
    let etag: String
    /// The checksum of the manifest itself, if a store accepts it as an ordinary object.
    let listMD5: String
    /// The attempt that has sent the segments.
    let attempt: UploadAttempt

    init(
        of segments: [StoredSegment],
        attempt: UploadAttempt,
        address: ObjectAddress
    ) throws(ObjectStoreError) {
        let container = "/" + address.segmentsContainer + "/"
        let entries = segments.map { segment in
            let path = Self.escaped(container + address.name(of: segment.name))
            let object = segment.object
            return #"{"path":"\#(path)","etag":"\#(object.md5)","size_bytes":\#(object.byteCount)}"#
        }
        json = Array("[\(entries.joined(separator: ",\n"))]".utf8)
        etag = try MD5Digest.hexDigits(of: segments.flatMap { Array($0.object.md5.utf8) })
        listMD5 = try MD5Digest.hexDigits(of: json)
        self.attempt = attempt
    }

    /// Escapes the characters that a name may contain: base paths contain no control characters.
    private static func escaped(_ text: String) -> String {
        // Byte by byte: a quote followed by a combining accent is another Character.
        let special = [UInt8(ascii: "\\"), UInt8(ascii: "\"")]
        return String(
            decoding: text.utf8.flatMap { special.contains($0) ? [UInt8(ascii: "\\"), $0] : [$0] },
            as: UTF8.self
        )
    }
}
