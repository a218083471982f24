// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Tries the device's network, for DIAGNOSTICS.
package protocol DeviceDiagnostics: Sendable {
    /// Makes all probes side by side, within the time that the operator has set for each.
    func run() async -> DiagnosticsReport
}

/// What the probes of a DIAGNOSTICS found.
package struct DiagnosticsReport: Hashable, Sendable {
    /// What the probe of one job server found.
    package struct Server: Hashable, Sendable {
        /// The server's host, with its port where two servers are on one host.
        package let name: String
        /// Whether it answered a Gearman echo.
        package let answers: Bool

        /// Creates a result.
        package init(name: String, answers: Bool) {
            self.name = name
            self.answers = answers
        }
    }

    /// How the reply names the servers.
    package enum Style: String, CaseIterable, Sendable {
        /// `{"HOST": "PASS"}`, as the messages document shows.
        case documented
        /// `{"host": "HOST", "status": "PASS"}`, as deployed Libra admin servers read it.
        case libra
    }

    /// Whether the target outside could be connected to.
    package let network: Bool
    /// The job servers, in the order of the configuration.
    package let servers: [Server]
    /// How the reply names the servers.
    package let style: Style
    /// The Gearman function that jobs are submitted to, as it is registered; nil where it is not known.
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
