// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCertificates
import TestServers

@testable import SteelyardCore

/// A certificate with its key, as texts.
struct Identity: Sendable {
    let certificate: String
    let key: String

    init(_ identity: TestCertificates.Identity) throws {
        certificate = try String(contentsOfFile: identity.certificate, encoding: .utf8)
        key = try String(contentsOfFile: identity.key, encoding: .utf8)
    }

    /// A part of the key that no error may contain.
    var secret: String { String(key.split(separator: "\n")[1].suffix(30)) }
}

/// Reads a container, and returns its content, or the member and the text of the error.
func read(
    _ certificate: String,
    _ key: String,
    passphrase: String? = nil,
    intermediates: [String] = []
) -> Result<CertificateContainer, InvalidValue> {
    let source = CertificateSource(
        certificate: certificate,
        intermediates: intermediates,
        privateKey: SecretText(key),
        passphrase: passphrase.map(SecretText.init)
    )
    do throws(InvalidValue) {
        return .success(try OpenSSLCertificateReader().container(nil, source))
    } catch { return .failure(error) }
}

extension Result where Success == CertificateContainer, Failure == InvalidValue {
    var content: CertificateContainer.Content? { try? get().content }

    /// The member and the problem; `passed` if there is none.
    var refusal: String {
        switch self {
        case .success: "passed"
        case .failure(let error): "\(error.member ?? "") \(error.problem)"
        }
    }
}

/// Runs the openssl program.
@discardableResult
func openssl(_ arguments: String...) async throws -> String {
    guard let program = Requirement.openssl.path else { throw ServerFailure("openssl is not installed") }
    return String(decoding: try await Command.run(program, arguments), as: UTF8.self)
}
