// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

public import SteelyardCore

/// Writes the configuration that makes HAProxy serve what a message asks for.
///
/// The same message, options and device give the same text, so that an equal UPDATE is seen to change nothing.
public struct HAProxyRenderer: Sendable {
    let configuration: HAProxyConfiguration
    let facts: DeviceFacts

    /// Creates a renderer for this device.
    ///
    /// - Parameter configuration: How HAProxy is run.
    public init(_ configuration: HAProxyConfiguration) {
        self.init(configuration, .ofThisDevice(forConnections: configuration.maxConnections))
    }

    init(_ configuration: HAProxyConfiguration, _ facts: DeviceFacts) {
        self.configuration = configuration
        self.facts = facts
    }

    /// The text of haproxy.cfg.
    ///
    /// - Parameter wanted: What is to be served.
    public func render(_ wanted: LoadBalancerSet) -> String {
        render(wanted, isSuspended: false).text
    }

    func render(_ wanted: LoadBalancerSet, isSuspended: Bool) -> RenderedConfiguration {
        // What is served is named by the text that serves it, all but for the line that has the name.
        let fingerprint = Fingerprint(write(wanted, isSuspended: false, fingerprint: nil).joined.utf8)
        let text = write(wanted, isSuspended: isSuspended, fingerprint: fingerprint)
        return RenderedConfiguration(
            set: wanted,
            isSuspended: isSuspended,
            listening: isSuspended ? [] : wanted.loadBalancers.flatMap { ListeningAddress.all(of: $0, facts) },
            text: text.joined,
            fingerprint: fingerprint,
            fields: text.fields
        )
    }

    private func write(
        _ wanted: LoadBalancerSet,
        isSuspended: Bool,
        fingerprint: Fingerprint?
    ) -> ConfigurationText {
        var text = ConfigurationText()
        text.comment("Written by Steelyard for an UPDATE. Changes made here by hand are lost with the next one.")
        writeGlobal(wanted, fingerprint, to: &text)
        writeDefaults(to: &text)
        if usesNames(wanted), facts.hasNameServer { writeResolvers(to: &text) }
        for (index, loadBalancer) in wanted.loadBalancers.enumerated() {
            writeFrontend(loadBalancer, at: index, isSuspended: isSuspended, to: &text)
            writeBackend(loadBalancer, at: index, to: &text)
        }
        return text
    }

    private func writeGlobal(_ wanted: LoadBalancerSet, _ fingerprint: Fingerprint?, to text: inout ConfigurationText) {
        let nodes = wanted.loadBalancers.reduce(0) { $0 + $1.nodes.count }
        let words = configuration.words
        text.section("global")
        if let fingerprint { text.line("description", "\(fingerprint)") }
        if let user = words.user { text.line("user", "\(user)") }
        if let group = words.group { text.line("group", "\(group)") }
        text.line("maxconn", "\(facts.possibleConnections(of: configuration.maxConnections, nodes: nodes))")
        // The name of DeviceFiles.adminSocket.
        text.line(
            "stats socket",
            "\(words.stateDirectory)/admin.sock",
            "mode 600",
            "level admin",
            "expose-fd listeners"
        )
        if let target = words.logTarget {
            text.line("log", "\(target)", "local0")
        } else {
            text.line("log stdout format raw local0")
        }
        // Workers that finish their connections after a reload are bounded in age and in number.
        text.line("hard-stop-after 30m")
        text.line("mworker-max-reloads 50")
        text.line("spread-checks 5")
    }

    private func writeDefaults(to text: inout ConfigurationText) {
        text.section("defaults")
        text.line("log global")
        text.line("timeout tunnel 1h")
        text.line("timeout client-fin 30s")
        text.line("timeout server-fin 30s")
        text.line("option redispatch")
    }

    private func writeResolvers(to text: inout ConfigurationText) {
        text.section("resolvers device")
        text.line("parse-resolv-conf")
        text.line("hold valid 10s")
        // A node keeps its last address for as long as DNS does not tell another: some names only /etc/hosts knows, and
        // DNS may fail. `obsolete` is none of them: with it, a node would not follow its name for that long.
        text.line("hold nx 1d")
        text.line("hold timeout 1d")
        text.line("hold refused 1d")
        text.line("hold other 1d")
    }

    private func usesNames(_ wanted: LoadBalancerSet) -> Bool {
        wanted.loadBalancers.contains { $0.nodes.contains(where: \.hasName) }
    }
}

extension ConfigurationText {
    fileprivate var joined: String { lines.joined(separator: "\n") + "\n" }
}

extension Node {
    var hasName: Bool {
        if case .name = address { true } else { false }
    }
}
