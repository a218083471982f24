// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// Where one object is, and what gives access to it.
///
/// URLs are in the form in which they are signed: libcurl 7.88.1 signs a query as it is in the URL, neither sorted nor
/// encoded. So names in a query are in the order of their bytes, each has a `=`, and everything but the characters that
/// RFC 3986 reserves for no purpose is percent-encoded.
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

    /// Some S3 stores take no other URL of a bucket than one with a slash at its end; with the name in the path, AWS
    /// takes both.
    var bucketRootURL: String { addressing == .path ? bucketURL : "\(bucketURL)/" }

    /// The URL of the uploads in parts whose keys begin with the object's.
    var uploadsURL: String { "\(bucketRootURL)?prefix=\(Self.encoded(path.name))&uploads=" }

    func url(ofUpload id: String) -> String { "\(objectURL)?uploadId=\(Self.encoded(id))" }

    func url(ofPart number: Int, upload id: String) -> String {
        "\(objectURL)?partNumber=\(number)&uploadId=\(Self.encoded(id))"
    }

    /// Checks the bucket's name, which is a part of a URL and of a host name.
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
            let others = isHost ? "" : " (some stores also take upper-case letters and underscores)"
            throw ObjectStoreError(
                .refused,
                "the base path does not begin with the name of an S3 bucket: 3 to 63 lower-case letters, digits, hyphens and"
                    + " dots\(others), and no IP address; correct hpcs_object_store_basepath",
                mayBeStored: false
            )
        }
    }

    /// Encodes everything but the characters that RFC 3986 reserves for no purpose.
    static func encoded(_ text: String, allowing allowed: Unicode.Scalar? = nil) -> String {
        PercentEncoding.encoded(text, allowing: allowed)
    }
}
