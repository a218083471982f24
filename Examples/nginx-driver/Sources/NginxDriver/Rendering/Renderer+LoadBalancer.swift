// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

extension Renderer {
    /// Renders the nodes and the listener of one load balancer.
    func write(_ loadBalancer: LoadBalancer, at place: Int, to text: inout ConfigurationText) throws(DriverError) {
        try requireSupported(loadBalancer, at: place)
        let isHTTP = loadBalancer.protocol == .http
        let name: Word = isHTTP ? "http_nodes" : "tcp_nodes"
        // nginx rejects a group without nodes, and has its own answer for one without available nodes.
        let hasNodes = loadBalancer.nodes.contains(where: \.takesClients)
        if hasNodes {
            try text.block("upstream", name) { text throws(DriverError) in
                try writeNodes(of: loadBalancer, at: place, name, to: &text)
            }
        }
        try text.block("server") { text throws(DriverError) in
            for listener in Listener.all(of: loadBalancer, at: place) {
                let field = LoadBalancerField(loadBalancer: place, name: "port")
                text.directive("listen", try Word(quoting: listener.description), field: field)
            }
            switch (isHTTP, hasNodes) {
            case (true, true): writeHTTPProxy(to: name, loadBalancer.options, to: &text)
            case (true, false): text.directive("return", "503")
            case (false, true): writeTCPProxy(to: name, loadBalancer.options, to: &text)
            case (false, false): text.directive("return", "\"\"")
            }
        }
    }

    /// Checks that nginx supports the load balancer.
    private func requireSupported(_ loadBalancer: LoadBalancer, at place: Int) throws(DriverError) {
        try requireNoLimits(loadBalancer, at: place)
        if loadBalancer.monitor.kind != .connect {
            throw DriverError(
                .unsupported,
                "is \(loadBalancer.monitor.kind.rawValue), but nginx sends no checks; use CONNECT",
                field: LoadBalancerField(loadBalancer: place, name: "monitor.type")
            )
        }
        let nodes = loadBalancer.nodes.enumerated()
        let backups = nodes.filter { $0.element.isBackup }
        func refuse(_ backup: Int, _ reason: String) -> DriverError {
            DriverError(
                .unsupported,
                reason,
                field: LoadBalancerField(loadBalancer: place, node: backup, name: "backup")
            )
        }
        if loadBalancer.algorithm == .sourceIP, backups.count < loadBalancer.nodes.count, let first = backups.first {
            throw refuse(first.offset, "is true, but nginx has no backups with the algorithm SOURCE_IP")
        }
        let usable = backups.filter { $0.element.takesClients }
        if loadBalancer.protocol == .galera, usable.count > 1 {
            throw refuse(
                usable[1].offset,
                "is true for a second node; nginx uses all backups at once, and a GALERA client must write to one node"
            )
        }
    }

    /// Checks that there are no limits, client networks and PROXY headers: a driver must not ignore them.
    private func requireNoLimits(_ loadBalancer: LoadBalancer, at place: Int) throws(DriverError) {
        let (access, options) = (loadBalancer.access, loadBalancer.options)
        func refuse(_ name: String, of node: Int? = nil) -> DriverError {
            DriverError(
                .unsupported,
                "is not supported by the driver nginx",
                field: LoadBalancerField(loadBalancer: place, node: node, name: name)
            )
        }
        for (isUsed, name) in [
            (access.connectionLimit != nil, "connection_limit"), (access.allowedNetworks != nil, "allowed_cidrs"),
            (access.rateLimit != nil, "rate_limit"), (access.acceptsProxyProtocol, "accept_proxy_protocol"),
            (loadBalancer.proxyProtocol != nil, "proxy_protocol"),
            (options.tunnelTimeout != nil, "options.tunnel_timeout"),
            (options.httpRequestTimeout != nil, "options.http_request_timeout"),
            (options.queueTimeout != nil, "options.queue_timeout"),
        ] where isUsed { throw refuse(name) }
        for (index, node) in loadBalancer.nodes.enumerated() {
            for (isUsed, name) in [
                (node.check.address != nil, "monitor_address"), (node.check.port != nil, "monitor_port"),
                (node.connections.limit != nil, "connection_limit"), (node.connections.source != nil, "source_address"),
                (node.connections.proxyProtocol != nil, "proxy_protocol"),
            ] where isUsed { throw refuse(name, of: index) }
        }
    }

    private func writeNodes(
        of loadBalancer: LoadBalancer,
        at place: Int,
        _ name: Word,
        to text: inout ConfigurationText
    ) throws(DriverError) {
        // Shared by the workers, so that they count connections and failures together. A node needs less than 1 KiB.
        text.directive("zone", name, Word("", 256 + loadBalancer.nodes.count, "k"))
        switch loadBalancer.algorithm {
        case .roundRobin: break
        case .leastConnections: text.directive("least_conn")
        case .sourceIP: text.directive("hash", "$remote_addr", "consistent")
        }
        // nginx requires a node that is no backup; if all are backups, nginx uses them at once anyway.
        let hasBackups = loadBalancer.nodes.contains { !$0.isBackup }
        let monitor = loadBalancer.monitor
        for (index, node) in loadBalancer.nodes.enumerated() {
            var words: [Word] = [
                "server", try Word(quoting: node.hostAndPort), Word("weight=", max(1, node.weight)),
                Word("max_fails=", monitor.attempts), Word("fail_timeout=", monitor.delay, "s"),
            ]
            if node.isBackup, hasBackups { words.append("backup") }
            if !node.takesClients { words.append("down") }
            text.directive(words, field: LoadBalancerField(loadBalancer: place, node: index, name: "address"))
        }
    }

    private func writeHTTPProxy(to nodes: Word, _ options: ConnectionOptions, to text: inout ConfigurationText) {
        let client = Word(milliseconds: options.clientTimeout)
        text.directive("client_header_timeout", client)
        text.directive("client_body_timeout", client)
        text.directive("send_timeout", client)
        text.directive("keepalive_timeout", client)
        text.directive("client_max_body_size", "0")
        text.directive("underscores_in_headers", "on")
        text.block("location", "/") { text in
            text.directive("proxy_pass", Word("http://", nodes))
            text.directive("proxy_http_version", "1.1")
            text.directive("proxy_set_header", "Host", "$http_host")
            text.directive("proxy_set_header", "Connection", "$connection_header")
            text.directive("proxy_set_header", "Upgrade", "$http_upgrade")
            text.directive("proxy_set_header", "X-Forwarded-For", "$proxy_add_x_forwarded_for")
            text.directive("proxy_redirect", "off")
            // Bodies of any size pass through without being stored on the device.
            text.directive("proxy_request_buffering", "off")
            text.directive("proxy_max_temp_file_size", "0")
            text.directive("proxy_read_timeout", Word(milliseconds: options.serverTimeout))
            text.directive("proxy_send_timeout", Word(milliseconds: options.serverTimeout))
            writeRetries(options, to: &text)
        }
    }

    private func writeTCPProxy(to nodes: Word, _ options: ConnectionOptions, to text: inout ConfigurationText) {
        text.directive("proxy_pass", nodes)
        // nginx has one timeout for both sides: an idle connection ends after the shorter of the two.
        let timeouts = [options.clientTimeout, options.serverTimeout].filter { $0 > 0 }
        text.directive("proxy_timeout", Word(milliseconds: timeouts.min() ?? 0))
        writeRetries(options, to: &text)
    }

    private func writeRetries(_ options: ConnectionOptions, to text: inout ConfigurationText) {
        text.directive("proxy_connect_timeout", Word(milliseconds: options.connectTimeout))
        text.directive("proxy_next_upstream_tries", Word("", options.connectRetries + 1))
    }
}

extension Word {
    /// A time limit; 0 for none. nginx cannot express that, so it becomes 24 days.
    fileprivate init(milliseconds: Int) { self.init("", milliseconds == 0 ? Int(Int32.max) : milliseconds, "ms") }
}

extension Node {
    /// Whether nginx may choose the node. nginx has no state in which a node only finishes its connections, but an old
    /// worker does finish them after a reload.
    var takesClients: Bool { condition == .enabled && weight > 0 }

    fileprivate var hostAndPort: String {
        if case .ip(.v6(let address)) = address { "[\(address)]:\(port)" } else { "\(address):\(port)" }
    }
}
