// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Tries the device's network, for DIAGNOSTICS.
public protocol DeviceDiagnostics: Sendable {
    /// Makes all probes side by side, within the time that the operator has set for each.
    func run() async -> DiagnosticsReport
}

/// What the probes of a DIAGNOSTICS found.
public struct DiagnosticsReport: Hashable, Sendable {
    /// What the probe of one job server found.
    public struct Server: Hashable, Sendable {
        /// The server's host, with its port where two servers are on one host.
        public let name: String
        /// Whether it answered a Gearman echo.
        public let answers: Bool

        /// Creates a result.
        public init(name: String, answers: Bool) {
            self.name = name
            self.answers = answers
        }
    }

    /// How the reply names the servers.
    public enum Style: String, CaseIterable, Sendable {
        /// `{"HOST": "PASS"}`, as the messages document shows.
        case documented
        /// `{"host": "HOST", "status": "PASS"}`, as deployed Libra admin servers read it.
        case libra
    }

    /// Whether the target outside could be connected to.
    public let network: Bool
    /// The job servers, in the order of the configuration.
    public let servers: [Server]
    /// How the reply names the servers.
    public let style: Style
    /// The Gearman function that jobs are submitted to, as it is registered; nil where it is not known.
    public let function: String?

    /// Creates a report.
    public init(network: Bool, servers: [Server], style: Style, function: String? = nil) {
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
