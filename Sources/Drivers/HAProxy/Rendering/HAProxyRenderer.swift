// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import SteelyardCore

/// Renders haproxy.cfg for a message.
///
/// The same message, options and device produce the same text, so that a repeated UPDATE changes nothing.
package struct HAProxyRenderer: Sendable {
    let configuration: HAProxyConfiguration
    let facts: DeviceFacts
    /// Returns the last known addresses of a host name.
    ///
    /// They are part of the text, but not of any fingerprint: a DNS answer does not change the configuration.
    private let addresses: @Sendable (String) -> [IPAddress]

    /// Creates a renderer for this device.
    ///
    /// - Parameter configuration: The configuration of HAProxy.
    package init(_ configuration: HAProxyConfiguration) {
        self.init(configuration, .ofThisDevice(for: configuration))
    }

    init(
        _ configuration: HAProxyConfiguration,
        _ facts: DeviceFacts,
        addresses: @escaping @Sendable (String) -> [IPAddress] = { NodeAddresses.fixed($0) ?? [] }
    ) {
        self.configuration = configuration
        self.facts = facts
        self.addresses = addresses
    }

    /// Checks the addresses of the nodes against those of this device and the operator's rules.
    ///
    /// - Throws: `DriverError` with the field at fault.
    package func check(_ wanted: LoadBalancerSet) throws(DriverError) {
        try NodePolicy(configuration, facts).check(wanted, known: addresses)
    }

    /// Renders the text of haproxy.cfg.
    ///
    /// - Parameter wanted: The load balancers to serve.
    package func render(_ wanted: LoadBalancerSet) -> String {
        render(wanted, isSuspended: false).text
    }

    /// Describes the plan from one configuration to another, and the changed lines of haproxy.cfg.
    ///
    /// - Parameters:
    ///   - old: The load balancers that HAProxy serves.
    ///   - wanted: The load balancers to serve.
    package func describeChange(from old: LoadBalancerSet, to wanted: LoadBalancerSet) -> String {
        let (before, after) = (render(old, isSuspended: false), render(wanted, isSuspended: false))
        let plan = ChangePlan(from: RunningState(loaded: before), to: after)
        let difference = LineDifference.describe(from: before.text, to: after.text)
        return difference.isEmpty ? "\(plan)" : "\(plan)\n\(difference)"
    }

    func render(_ wanted: LoadBalancerSet, isSuspended: Bool) -> RenderedConfiguration {
        var text = ConfigurationText()
        text.comment("Written by Steelyard for an UPDATE. Changes made here by hand are lost with the next one.")
        writeGlobal(wanted, to: &text)
        writeDefaults(to: &text)
        if usesNames(wanted), facts.hasNameServer { writeResolvers(to: &text) }
        if usesStickTables(wanted) { writePeers(to: &text) }
        for (index, loadBalancer) in wanted.loadBalancers.enumerated() {
            writeFrontend(loadBalancer, at: index, isSuspended: isSuspended, to: &text)
            writeBackends(of: loadBalancer, at: index, to: &text)
        }
        writeStatistics(to: &text)
        let fingerprint = text.fingerprint
        text.replaceMark("set-var", RuntimeMark.variable, "str(\(fingerprint))")
        return RenderedConfiguration(
            set: wanted,
            isSuspended: isSuspended,
            listening: isSuspended ? [] : wanted.loadBalancers.flatMap { ListeningAddress.all(of: $0, facts) },
            text: text.text,
            candidateText: text.candidateText,
            fingerprint: fingerprint,
            structure: text.structure,
            room: room(for: wanted),
            servers: text.servers,
            certificates: wanted.loadBalancers.flatMap(CertificateSlot.all),
            lists: wanted.loadBalancers.flatMap(networkLists),
            pages: wanted.loadBalancers.flatMap(pages),
            fields: text.fields
        )
    }

    /// The number of connections that HAProxy can have.
    func room(for wanted: LoadBalancerSet) -> ConnectionRoom {
        facts.room(
            for: configuration.settings.maxConnections,
            nodes: wanted.loadBalancers.reduce(0) { $0 + $1.nodeCount },
            loadBalancers: wanted.loadBalancers.count
        )
    }

    private func writeGlobal(_ wanted: LoadBalancerSet, to text: inout ConfigurationText) {
        let words = configuration.words
        text.section("global")
        // Replaced once the whole text is known.
        text.mark("set-var")
        text.line("localpeer device")
        if let user = words.user { text.line("user", "\(user)") }
        if let group = words.group { text.line("group", "\(group)") }
        // HAProxy interprets 0 as its own default.
        text.line("maxconn", "\(max(1, room(for: wanted).possible))")
        // The file name of DeviceFiles.adminSocket.
        text.line(
            "stats socket",
            "\(words.stateDirectory)/admin.sock",
            words.socketOwner.map { "mode 600 user \($0)" } ?? "mode 600",
            "level admin",
            "expose-fd listeners"
        )
        // HAProxy's default is ten, which an agent that restarts repeatedly can exhaust.
        text.line("stats maxconn 100")
        // A syslog daemon adds a date to each line; in a file, HAProxy adds it.
        let length: [HAProxyWord] = configuration.logLineBytes.map { ["len \($0)"] } ?? []
        if let target = words.logTarget {
            text.line(["log", "\(target)"] + length + ["local0"])
        } else {
            text.line(["log stdout"] + length + ["format iso local0"])
        }
        text.line("tune.http.logurilen 8192")
        if let size = configuration.settings.bufferSize { text.line("tune.bufsize", "\(size)") }
        if let count = configuration.settings.maxHeaders { text.line("tune.http.maxhdr", "\(count)") }
        // Old workers after a reload are limited in age and number.
        let limit = configuration.settings.hardStopAfter
        text.line("hard-stop-after", limit.isMultiple(of: 60) ? "\(limit / 60)m" : "\(limit)s")
        text.line("mworker-max-reloads 50")
        text.line("spread-checks 5")
        // Applies to the first checks only; later checks are spread over their interval.
        text.line("max-spread-checks 1s")
        // With zero-copy forwarding, HTTP's byte counter counts bytes twice.
        text.line(".if version_atleast(2.9)")
        text.line("tune.h1.zero-copy-fwd-send off")
        text.line(".endif")
        // The server states for a new worker; the file name of DeviceFiles.serverStates.
        text.line("server-state-file", "\(words.stateDirectory)/servers.state")
    }

    private func writeDefaults(to text: inout ConfigurationText) {
        text.section("defaults")
        text.line("log global")
        text.line("option redispatch")
        if !configuration.settings.logsEmptyConnections { text.line("option dontlognull") }
        text.line("load-server-state-from-file global")
    }

    /// HAProxy as its own peer: at a reload, the old worker sends its stick table to the new one.
    private func writePeers(to text: inout ConfigurationText) {
        text.section("peers steelyard")
        // The file name of DeviceFiles.peerSocket. HAProxy binds it as root, and the worker connects as its user.
        text.line(
            "bind",
            "unix@\(configuration.words.stateDirectory)/peers.sock",
            configuration.words.user.map { "mode 600 user \($0)" } ?? "mode 600"
        )
        text.line("server device")
    }

    private func writeResolvers(to text: inout ConfigurationText) {
        text.section("resolvers device")
        text.line("parse-resolv-conf")
        text.line("hold valid 10s")
        // A node keeps its last address until DNS returns another: some names are only in /etc/hosts, and DNS may fail.
        // With `hold obsolete`, a node would not follow its name for that time.
        text.line("hold nx 1d")
        text.line("hold timeout 1d")
        text.line("hold refused 1d")
        text.line("hold other 1d")
    }

    /// The initial address of a node with a host name; nil if none is known.
    func initialAddress(of address: HostAddress) -> IPAddress? {
        guard let name = address.name else { return nil }
        return addresses(name).first { (try? $0.requireNode()) != nil }
    }

    /// Whether a rendered configuration has the last known address of each host name.
    func hasAddresses(of rendered: RenderedConfiguration) -> Bool {
        rendered.servers.allSatisfy { !$0.hasName || $0.initialAddress == initialAddress(of: $0.address) }
    }

    private func usesNames(_ wanted: LoadBalancerSet) -> Bool {
        wanted.loadBalancers.contains { $0.allPools.contains { $0.nodes.contains(where: \.hasName) } }
    }

    /// Whether a pool remembers the nodes of its clients in a table.
    private func usesStickTables(_ wanted: LoadBalancerSet) -> Bool {
        wanted.loadBalancers.contains { loadBalancer in
            loadBalancer.allPools.contains { pool in
                switch pool.persistence(for: loadBalancer.protocol) {
                case .appCookie, .sourceIP: true
                case .httpCookie, .none: false
                }
            }
        }
    }
}

extension Node {
    var hasName: Bool { address.name != nil }
}
