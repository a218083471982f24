// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Decodes the list of load balancers of an UPDATE.
struct LoadBalancerDecoder {
    let reader: FieldReader
    let limits: MessageLimits
    let certificates: any CertificateReader
    /// Whether the list was accepted earlier, possibly by a version with fewer rules.
    let wasAccepted: Bool

    var containers: ContainerDecoder {
        ContainerDecoder(reader: reader, certificates: certificates, wasAccepted: wasAccepted)
    }

    func decode(_ list: Field) throws(MessageError) -> LoadBalancerSet {
        var loadBalancers: [LoadBalancer] = []
        var nodesLeft = limits.nodeCount
        let limit = wasAccepted ? Int.max : limits.loadBalancerCount
        try reader.forEachElement(of: list, atMost: limit, of: "load balancers") { field throws(MessageError) in
            loadBalancers.append(try decode(loadBalancer: field, &nodesLeft))
        }
        return try list.rethrow { () throws(InvalidValue) in try LoadBalancerSet(loadBalancers) }
    }

    private func decode(loadBalancer field: Field, _ nodesLeft: inout Int) throws(MessageError) -> LoadBalancer {
        let members = try reader.members(of: field)
        let id = try reader.identifier(members.field(.id))
        // The name is unused, but must be a string.
        _ = try reader.text(members.field(.name)) { _ throws(InvalidValue) in }
        let listenerProtocol = try reader.requiredText(members.field(.protocol)) { text throws(InvalidValue) in
            try ListenerProtocol(named: text)
        }
        let address = try reader.text(members.field(.address)) { text throws(InvalidValue) in
            guard let address = IPAddress(text) else {
                throw InvalidValue("must be an IPv4 or IPv6 address of this device, not \(Excerpt.quote(String(text)))")
            }
            return address
        }
        let port = try decodePort(members.field(.port), default: listenerProtocol.standardPort)
        let options = try decode(options: members.field(.options))
        let access = try decodeAccess(field, members)
        let pool = try decode(pool: field, members, id: nil, &nodesLeft)
        if listenerProtocol == .galera { try requireOneMainNode(pool.nodes, members.field(.nodes)) }
        let pools = try decode(pools: members.field(.pools), &nodesLeft)
        let routing = try RoutingDecoder(reader: reader, wasAccepted: wasAccepted).decode(members)
        let tls = try ListenerTLSDecoder(containers: containers).decode(members, of: field, listenerProtocol)
        let redirect = try members.field(.redirectToHTTPS)
        let redirects = try reader.boolean(redirect) ?? false
        guard !redirects || listenerProtocol == .http else {
            throw redirect.error("needs the protocol HTTP; the protocol is \(listenerProtocol.rawValue)")
        }
        return try field.rethrow { () throws(InvalidValue) in
            try LoadBalancer(
                id: id,
                protocol: listenerProtocol,
                address: address,
                port: port,
                options: options,
                access: access,
                defaultPool: pool,
                pools: pools,
                routing: routing,
                tls: tls,
                redirectsToHTTPS: redirects
            )
        }
    }

    /// Checks that the clients of a Galera cluster write to one node.
    private func requireOneMainNode(_ nodes: [Node], _ list: Field) throws(MessageError) {
        guard !wasAccepted, let main = nodes.firstIndex(where: { !$0.isBackup }),
            let second = nodes[(main + 1)...].firstIndex(where: { !$0.isBackup })
        else { return }
        throw MessageError(
            list.path[second][.backup],
            "must be true: a GALERA load balancer has one main node, nodes[\(main)]"
        )
    }

    func decode(nodes list: Field, _ nodesLeft: Int) throws(MessageError) -> [Node] {
        var nodes: [Node] = []
        nodes.reserveCapacity(min(reader.count(list), nodesLeft))
        try reader.forEachElement(of: list, atMost: nodesLeft, of: "nodes") { field throws(MessageError) in
            nodes.append(try decode(node: field, place: nodes.count + 1))
        }
        return nodes
    }

    private func decode(node field: Field, place: Int) throws(MessageError) -> Node {
        let members = try reader.members(of: field)
        let id = try reader.identifier(members.field(.id))
        let address = try reader.requiredText(members.field(.address)) { text throws(InvalidValue) in
            let address = try HostAddress(text)
            if !wasAccepted, case .ip(let ip) = address { try ip.requireNode() }
            return address
        }
        let port = try decodePort(members.field(.port), default: nil)
        let weight = try reader.integer(members.field(.weight))
        let isBackup = try reader.boolean(members.field(.backup))
        let condition = try reader.text(members.field(.condition)) { text throws(InvalidValue) in
            try NodeCondition(named: text)
        }
        let check = try decodeCheck(field, members)
        let connections = try decodeConnections(field, members)
        return try field.rethrow { () throws(InvalidValue) in
            try Node(
                id: id ?? Identifier(place: place),
                address: address,
                port: port,
                weight: weight ?? 1,
                isBackup: isBackup ?? false,
                condition: condition ?? .enabled,
                check: check,
                connections: connections
            )
        }
    }

    func decode(monitor field: Field) throws(MessageError) -> HealthMonitor {
        guard !reader.isDefault(field) else { return .standard }
        let members = try reader.members(of: field)
        let type = try members.field(.type)
        let delay = try members.field(.delay)
        let timeout = try members.field(.timeout)
        let attempts = try members.field(.attempts)
        for field in [type, delay, timeout, attempts] where !field.isPresent {
            throw field.error("is missing; a monitor has type, delay, timeout and attempts")
        }
        let kind = try reader.text(type) { text throws(InvalidValue) in try HealthMonitor.Kind(named: text) }
        let path = try reader.text(members.field(.path)) { text throws(InvalidValue) in try MonitorPath(String(text)) }
        let standard = HealthMonitor.standard
        let seconds = try reader.integer(delay) ?? standard.delay
        let limit = try reader.integer(timeout) ?? seconds
        let count = try reader.integer(attempts) ?? standard.attempts
        let request = try decodeRequest(members, kind ?? standard.kind)
        let maxRetries = try reader.integer(members.field(.maxRetries))
        let maxRetriesDown = try reader.integer(members.field(.maxRetriesDown))
        return try field.rethrow { () throws(InvalidValue) in
            try HealthMonitor(
                kind: kind ?? standard.kind,
                delay: seconds,
                timeout: limit,
                attempts: count,
                path: path ?? .root,
                request: request,
                maxRetries: maxRetries,
                maxRetriesDown: maxRetriesDown
            )
        }
    }

    private func decode(options field: Field) throws(MessageError) -> ConnectionOptions {
        guard !reader.isDefault(field) else { return .standard }
        let members = try reader.members(of: field)
        let standard = ConnectionOptions.standard
        let client = try reader.integer(members.field(.clientTimeout)) ?? standard.clientTimeout
        let server = try reader.integer(members.field(.serverTimeout)) ?? standard.serverTimeout
        let connect = try reader.integer(members.field(.connectTimeout)) ?? standard.connectTimeout
        let retries = try reader.integer(members.field(.connectRetries)) ?? standard.connectRetries
        let tunnel = try reader.integer(members.field(.tunnelTimeout))
        let httpRequest = try reader.integer(members.field(.httpRequestTimeout))
        let queue = try reader.integer(members.field(.queueTimeout))
        return try field.rethrow { () throws(InvalidValue) in
            try ConnectionOptions(
                clientTimeout: client,
                serverTimeout: server,
                connectTimeout: connect,
                connectRetries: retries,
                tunnelTimeout: tunnel,
                httpRequestTimeout: httpRequest,
                queueTimeout: queue
            )
        }
    }

    private func decodePort(_ field: Field, default standard: Port?) throws(MessageError) -> Port {
        guard let number = try reader.integer(field) else {
            guard let standard else { throw field.error("is missing") }
            return standard
        }
        return try field.rethrow { () throws(InvalidValue) in try Port(number) }
    }
}
