// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Probes the device's network, for DIAGNOSTICS.
package protocol DeviceDiagnostics: Sendable {
    /// Runs all probes in parallel, within the configured timeout.
    func run() async -> DiagnosticsReport
}

/// The results of DIAGNOSTICS' probes.
package struct DiagnosticsReport: Hashable, Sendable {
    /// The result of probing one job server.
    package struct Server: Hashable, Sendable {
        /// The server's host, with its port if two servers share a host.
        package let name: String
        /// Whether it answered a Gearman ECHO_REQ.
        package let answers: Bool

        /// Creates a result.
        package init(name: String, answers: Bool) {
            self.name = name
            self.answers = answers
        }
    }

    /// The format of the servers in the reply.
    package enum Style: String, CaseIterable, Sendable {
        /// `{"HOST": "PASS"}`, as documented.
        case documented
        /// `{"host": "HOST", "status": "PASS"}`, as deployed Libra admin servers expect.
        case libra
    }

    /// Whether connecting to the external target succeeded.
    package let network: Bool
    /// The job servers, in the configured order.
    package let servers: [Server]
    /// The format of the servers in the reply.
    package let style: Style
    /// The registered name of the Gearman function that jobs are submitted to; nil if unknown.
    package let function: String?

    /// Creates a report.
    package init(network: Bool, servers: [Server], style: Style, function: String? = nil) {
        self.network = network
        self.servers = servers
        self.style = style
        self.function = function
    }

    var fields: [JSONFragment.Member] {
        [
            .init("network", Self.word(network)),
            .init(
                "gearman",
                .array(
                    servers.map { server in
                        switch style {
                        case .documented: .object([.init(server.name, Self.word(server.answers))])
                        case .libra:
                            .object([.init("host", .string(server.name)), .init("status", Self.word(server.answers))])
                        }
                    }
                )
            ),
        ] + (function.map { [.init("function", .string($0))] } ?? [])
    }

    private static func word(_ passed: Bool) -> JSONFragment { .string(passed ? "PASS" : "FAIL") }
}
