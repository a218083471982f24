// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The credentials of a request.
///
/// They are secret: any description of them is three asterisks.
package enum HTTPAuthorization: Sendable, CustomStringConvertible, CustomReflectable {
    /// Header lines that contain the secret.
    case headers([String])
    /// AWS Signature Version 4, computed by libcurl.
    ///
    /// - Parameters:
    ///   - scope: The providers, the region and the service, such as `aws:amz:us-east-1:s3`.
    ///   - headers: Header lines that are part of the signature and contain a secret.
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
