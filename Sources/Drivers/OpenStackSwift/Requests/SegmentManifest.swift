// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// The list of segments that makes them one object.
struct SegmentManifest: Hashable, Sendable {
    /// The most segments that OpenStack Swift takes by default.
    static let greatestCount = 1000

    /// The list as JSON.
    let json: [UInt8]
    /// The checksum of the object: the MD5 of the segments' MD5s, one after the other.
    let etag: String
    /// The checksum that the list has where a store takes it for an ordinary object.
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

    /// Escapes what a name may have: no base path has control characters in it.
    private static func escaped(_ text: String) -> String {
        // Byte by byte: a quote with a combining accent after it is another Character.
        let special = [UInt8(ascii: "\\"), UInt8(ascii: "\"")]
        return String(
            decoding: text.utf8.flatMap { special.contains($0) ? [UInt8(ascii: "\\"), $0] : [$0] },
            as: UTF8.self
        )
    }
}
