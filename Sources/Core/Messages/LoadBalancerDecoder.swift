// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Decodes the list of load balancers of an UPDATE.
struct LoadBalancerDecoder {
    let limits: MessageLimits

    func decode(_ list: Field) throws(MessageError) -> LoadBalancerSet {
        var loadBalancers: [LoadBalancer] = []
        var nodesLeft = limits.nodeCount
        for field in try list.elements(atMost: 2, of: "load balancers") {
            let loadBalancer = try decode(loadBalancer: field, nodesLeft)
            nodesLeft -= loadBalancer.nodes.count
            loadBalancers.append(loadBalancer)
        }
        return try list.rethrow { () throws(InvalidValue) in try LoadBalancerSet(loadBalancers) }
    }

    private func decode(loadBalancer field: Field, _ nodesLeft: Int) throws(MessageError) -> LoadBalancer {
        try field.requireObject()
        let id = try field.member(.id).identifier()
        // A name goes nowhere, but what is there must be one.
        _ = try field.member(.name).text { text throws(InvalidValue) in text }
        let spoken = try field.member(.protocol).requiredText { text throws(InvalidValue) in
            try ListenerProtocol(named: text)
        }
        let address = try field.member(.address).text { text throws(InvalidValue) in
            guard let address = IPAddress(text) else {
                throw InvalidValue("must be an IPv4 or IPv6 address of this device, not \(Excerpt.quote(text))")
            }
            return address
        }
        let port = try decodePort(field.member(.port), default: spoken == .http ? .http : nil)
        let algorithm = try field.member(.algorithm).text { text throws(InvalidValue) in
            try BalancingAlgorithm(named: text)
        }
        let monitor = try decode(monitor: field.member(.monitor))
        let options = try decode(options: field.member(.options))
        let nodes = try decode(nodes: field.member(.nodes), nodesLeft)
        return try field.rethrow { () throws(InvalidValue) in
            try LoadBalancer(
                id: id,
                protocol: spoken,
                address: address,
                port: port,
                algorithm: algorithm ?? .roundRobin,
                monitor: monitor,
                options: options,
                nodes: nodes
            )
        }
    }

    private func decode(nodes list: Field, _ nodesLeft: Int) throws(MessageError) -> [Node] {
        var nodes: [Node] = []
        nodes.reserveCapacity(min(list.value?.count ?? 0, nodesLeft))
        for field in try list.elements(atMost: nodesLeft, of: "nodes") {
            nodes.append(try decode(node: field, place: nodes.count + 1))
        }
        return nodes
    }

    private func decode(node field: Field, place: Int) throws(MessageError) -> Node {
        try field.requireObject()
        let id = try field.member(.id).identifier()
        let address = try field.member(.address).requiredText { text throws(InvalidValue) in try HostAddress(text) }
        let port = try decodePort(field.member(.port), default: nil)
        let weight = try field.member(.weight).integer()
        let isBackup = try field.member(.backup).boolean()
        let condition = try field.member(.condition).text { text throws(InvalidValue) in
            try NodeCondition(named: text)
        }
        return try field.rethrow { () throws(InvalidValue) in
            try Node(
                id: id ?? Identifier(place: place),
                address: address,
                port: port,
                weight: weight ?? 1,
                isBackup: isBackup ?? false,
                condition: condition ?? .enabled
            )
        }
    }

    private func decode(monitor field: Field) throws(MessageError) -> HealthMonitor {
        guard !field.isDefault else { return .standard }
        try field.requireObject()
        let type = try field.member(.type)
        let delay = try field.member(.delay)
        let timeout = try field.member(.timeout)
        let attempts = try field.member(.attempts)
        for field in [type, delay, timeout, attempts] where !field.isPresent {
            throw field.error("is missing; a monitor has type, delay, timeout and attempts")
        }
        let kind = try type.text { text throws(InvalidValue) in try HealthMonitor.Kind(named: text) }
        let path = try field.member(.path).text { text throws(InvalidValue) in try MonitorPath(text) }
        let standard = HealthMonitor.standard
        let seconds = try delay.integer() ?? standard.delay
        let limit = try timeout.integer() ?? seconds
        let count = try attempts.integer() ?? standard.attempts
        return try field.rethrow { () throws(InvalidValue) in
            try HealthMonitor(
                kind: kind ?? standard.kind,
                delay: seconds,
                timeout: limit,
                attempts: count,
                path: path ?? .root
            )
        }
    }

    private func decode(options field: Field) throws(MessageError) -> ConnectionOptions {
        guard !field.isDefault else { return .standard }
        try field.requireObject()
        let standard = ConnectionOptions.standard
        let client = try field.member(.clientTimeout).integer() ?? standard.clientTimeout
        let server = try field.member(.serverTimeout).integer() ?? standard.serverTimeout
        let connect = try field.member(.connectTimeout).integer() ?? standard.connectTimeout
        let retries = try field.member(.connectRetries).integer() ?? standard.connectRetries
        return try field.rethrow { () throws(InvalidValue) in
            try ConnectionOptions(
                clientTimeout: client,
                serverTimeout: server,
                connectTimeout: connect,
                connectRetries: retries
            )
        }
    }

    private func decodePort(_ field: Field, default standard: Port?) throws(MessageError) -> Port {
        guard let number = try field.integer() else {
            guard let standard else { throw field.error("is missing") }
            return standard
        }
        return try field.rethrow { () throws(InvalidValue) in try Port(number) }
    }
}
