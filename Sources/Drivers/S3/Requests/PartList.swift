// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// The list of parts that completes a multipart upload.
struct PartList: Hashable, Sendable {
    /// The list as XML.
    let xml: [UInt8]
    /// The object's ETag from a store without KMS encryption: the MD5 of the parts' MD5s, and the number of parts.
    let etag: String

    init(_ parts: [StoredPart]) throws(ObjectStoreError) {
        let entries = parts.map { part in
            "<Part><PartNumber>\(part.number)</PartNumber><ETag>&quot;\(XMLText.escaped(part.etag))&quot;</ETag></Part>"
        }
        let namespace = "http://s3.amazonaws.com/doc/2006-03-01/"
        xml = Array(
            "<CompleteMultipartUpload xmlns=\"\(namespace)\">\(entries.joined())</CompleteMultipartUpload>".utf8
        )
        let digests = parts.flatMap { Hexadecimal.bytes(of: $0.md5) ?? [] }
        etag = "\(try MD5Digest.hexDigits(of: digests))-\(parts.count)"
    }
}
