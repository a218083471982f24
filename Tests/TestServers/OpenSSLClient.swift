// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Subprocess
import SystemPackage

/// Clients that connect to a TLS listener of 127.0.0.1 with `openssl s_client` and send one HTTP request.
package struct OpenSSLClient: Sendable {
    /// What a client has seen.
    package struct Result: Sendable {
        /// Everything that s_client has printed, with the answer to the request.
        package let output: String

        /// Whether the client's side of the handshake succeeded; with TLS 1.3, the server may refuse its certificate later.
        package var isConnected: Bool { !version.isEmpty && version != "(NONE)" }
        /// `TLSv1.3`, for example; `(NONE)` if the handshake failed.
        package var version: String { word(after: "New, ") }
        /// The cipher suite.
        package var cipher: String { word(after: "Cipher is ") }
        /// The protocol that ALPN has chosen; nil for none.
        package var alpn: String? {
            let name = word(after: "ALPN protocol: ")
            return name.isEmpty ? nil : name
        }
        /// The server's certificate in PEM, without white space at its ends; nil if it has shown none.
        package var certificate: String? {
            guard let start = output.firstRange(of: "-----BEGIN CERTIFICATE-----"),
                let end = output[start.upperBound...].firstRange(of: "-----END CERTIFICATE-----")
            else { return nil }
            return String(output[start.lowerBound..<end.upperBound])
        }
        /// Whether the certificate is valid for the host that the client expected.
        package var isVerified: Bool { output.contains("Verification: OK") }
        /// The status of the HTTP answer; nil if there was none.
        package var status: Int? {
            output.firstRange(of: "HTTP/1.1 ").flatMap { Int(output[$0.upperBound...].prefix(3)) }
        }

        private func word(after label: String) -> String {
            guard let place = output.firstRange(of: label) else { return "" }
            return String(output[place.upperBound...].prefix { !$0.isWhitespace && $0 != "," })
        }
    }

    private let port: Int
    private let ca: String

    /// - Parameters:
    ///   - port: The listener's port.
    ///   - ca: The path of the certificates that the client trusts.
    package init(port: Int, ca: String) {
        self.port = port
        self.ca = ca
    }

    /// Connects, sends `GET /`, and reads until the server closes.
    ///
    /// - Parameters:
    ///   - host: The host to name (SNI) and to verify; nil to name none.
    ///   - options: Further options of s_client, such as `-tls1_2`.
    ///   - text: What to send instead; the server must close then.
    package func connect(
        to host: String? = nil,
        _ options: [String] = [],
        sending text: String? = nil
    ) async throws -> Result {
        guard let program = Requirement.openssl.path else { throw ServerFailure("openssl is not installed") }
        let name = host.map { ["-servername", $0, "-verify_hostname", $0] } ?? ["-noservername"]
        let request = text ?? "GET / HTTP/1.1\r\nHost: \(host ?? "none")\r\nConnection: close\r\n\r\n"
        let result = try await Subprocess.run(
            .path(FilePath(program)),
            arguments: Arguments(
                ["s_client", "-connect", "127.0.0.1:\(port)", "-CAfile", ca, "-ign_eof"] + name + options
            ),
            input: .fileDescriptor(try InputFile.open(Array(request.utf8)), closeAfterSpawningProcess: true),
            output: .bytes(limit: 1 << 20),
            error: .discarded
        )
        return Result(output: String(decoding: result.standardOutput, as: UTF8.self))
    }
}
