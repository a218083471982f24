// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// What gives a request access.
///
/// It is a secret: whatever prints it prints three asterisks.
package enum HTTPAuthorization: Sendable, CustomStringConvertible, CustomReflectable {
    /// Header lines that have the secret in them.
    case headers([String])
    /// AWS Signature Version 4, which libcurl makes.
    ///
    /// - Parameters:
    ///   - scope: The providers, the region and the service, such as `aws:amz:us-east-1:s3`.
    ///   - headers: Header lines that belong to the signature and have a secret in them.
    case awsSignature(scope: String, accessKey: String, secretKey: String, headers: [String])

    /// Three asterisks.
    package var description: String { "***" }

    /// No children, so that no debugger or `dump` prints the secret.
    package var customMirror: Mirror { Mirror(self, children: []) }

    var headerLines: [String] {
        switch self {
        case .headers(let lines), .awsSignature(_, _, _, let lines): lines
        }
    }
}
