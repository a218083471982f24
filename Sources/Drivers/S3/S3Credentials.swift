// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
package import SteelyardCore

/// The credentials for an S3 store.
///
/// They are secret: any description of them is three asterisks.
package struct S3Credentials: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
    static let accessKeyField = "hpcs_object_store_access_key"
    static let secretKeyField = "hpcs_object_store_secret_key"
    static let sessionTokenField = "hpcs_object_store_session_token"
    static let regionField = "hpcs_object_store_region"

    /// The default region.
    package static let defaultRegion = "us-east-1"

    /// The access key ID.
    let accessKey: String
    /// The secret access key.
    let secretKey: String
    /// The token of temporary credentials; nil for permanent ones.
    let sessionToken: String?
    /// The region for which requests are signed.
    let region: String

    /// Validates credentials.
    ///
    /// - Parameters:
    ///   - accessKey: The access key ID: 1 to 128 visible ASCII characters, without a slash.
    ///   - secretKey: The secret access key: 1 to 1,024 visible ASCII characters.
    ///   - sessionToken: The token of temporary credentials: 1 to 8,192 visible ASCII characters; nil for none.
    ///   - region: The region for which requests are signed: 1 to 64 letters, digits and hyphens.
    /// - Throws: `InvalidValue`, which names the field and never quotes a value.
    package init(
        accessKey: String,
        secretKey: String,
        sessionToken: String? = nil,
        region: String = defaultRegion
    ) throws(InvalidValue) {
        guard Self.isVisible(accessKey, upTo: 128), !accessKey.utf8.contains(UInt8(ascii: "/")) else {
            throw InvalidValue("\(Self.accessKeyField) must be 1 to 128 visible ASCII characters without a slash")
        }
        guard Self.isVisible(secretKey, upTo: 1024) else {
            throw InvalidValue("\(Self.secretKeyField) must be 1 to 1024 visible ASCII characters")
        }
        guard sessionToken.map({ Self.isVisible($0, upTo: 8192) }) ?? true else {
            throw InvalidValue("\(Self.sessionTokenField) must be 1 to 8192 visible ASCII characters")
        }
        // libcurl truncates a longer one, and a colon would end it.
        guard (1...64).contains(region.utf8.count), region.utf8.allSatisfy({ Self.isOfRegion($0) }) else {
            throw InvalidValue("\(Self.regionField) must be 1 to 64 letters, digits and hyphens")
        }
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.sessionToken = sessionToken
        self.region = region
    }

    /// Parses the fields of an ARCHIVE.
    ///
    /// - Throws: `InvalidValue`, which names the field and never quotes a value.
    package init(_ fields: StorageCredentials) throws(InvalidValue) {
        guard let accessKey = fields[Self.accessKeyField] else {
            throw InvalidValue("\(Self.accessKeyField) is missing")
        }
        guard let secretKey = fields[Self.secretKeyField] else {
            throw InvalidValue("\(Self.secretKeyField) is missing")
        }
        try self.init(
            accessKey: accessKey.secret,
            secretKey: secretKey.secret,
            sessionToken: fields[Self.sessionTokenField]?.secret,
            region: fields[Self.regionField]?.secret ?? Self.defaultRegion
        )
    }

    /// Three asterisks.
    package var description: String { "***" }

    /// No children, so that no debugger or `dump` prints a secret.
    package var customMirror: Mirror { Mirror(self, children: []) }

    /// The secrets that no error and no log may contain.
    var secrets: [String] { [secretKey, accessKey] + (sessionToken.map { [$0] } ?? []) }

    /// The authorization of each request: AWS Signature Version 4, computed by libcurl.
    var authorization: HTTPAuthorization {
        .awsSignature(
            scope: "aws:amz:\(region):s3",
            accessKey: accessKey,
            secretKey: secretKey,
            headers: sessionToken.map { ["x-amz-security-token: \($0)"] } ?? []
        )
    }

    private static func isVisible(_ text: String, upTo limit: Int) -> Bool {
        (1...limit).contains(text.utf8.count) && text.utf8.allSatisfy { 0x21...0x7E ~= $0 }
    }

    private static func isOfRegion(_ byte: UInt8) -> Bool {
        0x30...0x39 ~= byte || 0x41...0x5A ~= byte || 0x61...0x7A ~= byte || byte == UInt8(ascii: "-")
    }
}
