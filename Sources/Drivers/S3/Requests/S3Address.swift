// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// The location of an object and its credentials.
///
/// URLs are in the canonical form for signing: libcurl 7.88.1 signs a query as it is in the URL, neither sorted nor
/// encoded. So the names in a query are in byte order, each has a `=`, and all characters except RFC 3986's unreserved
/// ones are percent-encoded.
struct S3Address: Sendable {
    let path: ObjectPath
    let endpoint: StorageEndpoint
    let credentials: S3Credentials
    let addressing: S3Configuration.Addressing

    var bucketURL: String {
        switch addressing {
        case .path: "\(endpoint)/\(Self.encoded(path.container))"
        case .virtualHost: "\(endpoint.scheme)://\(path.container).\(endpoint.authority)\(endpoint.path)"
        }
    }

    var objectURL: String { "\(bucketURL)/\(Self.encoded(path.name, allowing: "/"))" }

    /// Some S3 stores accept a bucket URL only with a trailing slash; with the name in the path, AWS accepts both.
    var bucketRootURL: String { addressing == .path ? bucketURL : "\(bucketURL)/" }

    /// The URL that lists the multipart uploads of keys that start with the object's.
    var uploadsURL: String { "\(bucketRootURL)?prefix=\(Self.encoded(path.name))&uploads=" }

    func url(ofUpload id: String) -> String { "\(objectURL)?uploadId=\(Self.encoded(id))" }

    func url(ofPart number: Int, upload id: String) -> String {
        "\(objectURL)?partNumber=\(number)&uploadId=\(Self.encoded(id))"
    }

    /// Checks the bucket's name, which is part of a URL and of a host name.
    ///
    /// - Throws: `ObjectStoreError` with the code `refused`.
    func check() throws(ObjectStoreError) {
        let name = path.container
        let isHost = addressing == .virtualHost
        let isValid =
            (3...63).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."): true
                // AWS allowed these until 2018, and other stores still do.
                case 0x41...0x5A, UInt8(ascii: "_"): !isHost
                default: false
                }
            }
        guard isValid, IPAddress(name) == nil else {
            let others = isHost ? "" : " (some stores also accept upper-case letters and underscores)"
            throw ObjectStoreError(
                .refused,
                "the base path does not start with an S3 bucket name: 3 to 63 lower-case letters, digits, hyphens and"
                    + " dots\(others), and no IP address; correct hpcs_object_store_basepath",
                mayBeStored: false
            )
        }
    }

    /// Percent-encodes all characters except RFC 3986's unreserved ones.
    static func encoded(_ text: String, allowing allowed: Unicode.Scalar? = nil) -> String {
        PercentEncoding.encoded(text, allowing: allowed)
    }
}
