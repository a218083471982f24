// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
public import SteelyardCore

/// What gives access to an S3 store.
///
/// It is a secret: whatever prints it prints three asterisks.
public struct S3Credentials: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
    /// The region unless another is named.
    public static let defaultRegion = "us-east-1"

    /// The access key's identifier.
    let accessKey: String
    /// The secret access key.
    let secretKey: String
    /// The token of temporary credentials; nil for permanent ones.
    let sessionToken: String?
    /// The region that requests are signed for.
    let region: String

    /// Checks credentials.
    ///
    /// - Parameters:
    ///   - accessKey: The access key's identifier, of 1 to 128 visible ASCII characters, without a slash.
    ///   - secretKey: The secret access key, of 1 to 1,024 visible ASCII characters.
    ///   - sessionToken: The token of temporary credentials, of 1 to 8,192 visible ASCII characters; nil for none.
    ///   - region: The region that requests are signed for, of 1 to 64 letters, digits and hyphens.
    /// - Throws: `InvalidValue`, which never quotes a value.
    public init(
        accessKey: String,
        secretKey: String,
        sessionToken: String? = nil,
        region: String = defaultRegion
    ) throws(InvalidValue) {
        guard Self.isVisible(accessKey, upTo: 128), !accessKey.utf8.contains(UInt8(ascii: "/")) else {
            throw InvalidValue("has an access key that is not 1 to 128 visible ASCII characters without a slash")
        }
        guard Self.isVisible(secretKey, upTo: 1024) else {
            throw InvalidValue("has a secret key that is not 1 to 1024 visible ASCII characters")
        }
        guard sessionToken.map({ Self.isVisible($0, upTo: 8192) }) ?? true else {
            throw InvalidValue("has a session token that is not 1 to 8192 visible ASCII characters")
        }
        // libcurl cuts a longer one, and takes a colon for the end of it.
        guard (1...64).contains(region.utf8.count), region.utf8.allSatisfy({ Self.isOfRegion($0) }) else {
            throw InvalidValue("has a region that is not 1 to 64 letters, digits and hyphens")
        }
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.sessionToken = sessionToken
        self.region = region
    }

    /// Three asterisks.
    public var description: String { "***" }

    /// No children, so that no debugger or `dump` prints a secret.
    public var customMirror: Mirror { Mirror(self, children: []) }

    /// What no error and no log may show.
    var secrets: [String] { [secretKey, accessKey] + (sessionToken.map { [$0] } ?? []) }

    /// The authorization of each request: AWS Signature Version 4, made by libcurl.
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
