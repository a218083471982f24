// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The list of segments that makes them one object, and its checksum.
struct SegmentManifest: Hashable, Sendable {
    /// The most segments that OpenStack Swift takes unless it was told otherwise.
    static let greatestCount = 1000

    let segments: [StoredSegment]

    /// What the store is to answer: the MD5 of the segments' MD5s, one behind the other.
    func makeETag() throws(ObjectStoreError) -> String {
        let digest = try MD5Digest()
        for segment in segments { digest.update(Array(segment.object.md5.utf8)) }
        return digest.finish()
    }

    /// The list as JSON.
    func render(_ address: ObjectAddress) -> [UInt8] {
        let container = "/" + address.segmentsContainer + "/"
        let entries = segments.map { segment in
            let path = Self.escaped(container + address.name(of: segment.name))
            let object = segment.object
            return #"{"path":"\#(path)","etag":"\#(object.md5)","size_bytes":\#(object.byteCount)}"#
        }
        return Array("[\(entries.joined(separator: ",\n"))]".utf8)
    }

    /// Escapes what may stand in a name: no base path has control characters in it.
    private static func escaped(_ text: String) -> String {
        // Byte by byte: a quote with a combining accent behind it is another Character.
        let special = [UInt8(ascii: "\\"), UInt8(ascii: "\"")]
        return String(
            decoding: text.utf8.flatMap { special.contains($0) ? [UInt8(ascii: "\\"), $0] : [$0] },
            as: UTF8.self
        )
    }
}
