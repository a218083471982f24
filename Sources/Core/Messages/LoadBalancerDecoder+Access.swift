// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Limits, allowed clients, PROXY headers, and the parts of checks.
extension LoadBalancerDecoder {
    /// The maximum number of networks in a list.
    private static let networkLimit = 10_000

    /// Decodes which clients can use a load balancer.
    func decodeAccess(_ field: Field, _ members: borrowing Members) throws(MessageError) -> ClientAccess {
        let limit = try reader.integer(members.field(.connectionLimit))
        let allowed = try decode(networks: members.field(.allowedCIDRs))
        let rateLimit = try decode(rateLimit: members.field(.rateLimit))
        let acceptsProxyProtocol = try reader.boolean(members.field(.acceptProxyProtocol))
        return try field.rethrow { () throws(InvalidValue) in
            try ClientAccess(
                connectionLimit: limit == -1 ? nil : limit,
                allowedNetworks: allowed,
                rateLimit: rateLimit,
                acceptsProxyProtocol: acceptsProxyProtocol ?? false
            )
        }
    }

    /// Decodes a PROXY protocol version; nil for the default.
    func decode(proxyProtocol field: Field) throws(MessageError) -> ProxyProtocol? {
        try reader.text(field) { text throws(InvalidValue) in try ProxyProtocol(named: text) }
    }

    private func decode(rateLimit field: Field) throws(MessageError) -> RateLimit? {
        guard !reader.isDefault(field) else { return nil }
        let members = try reader.members(of: field)
        let connections = try reader.integer(members.field(.connectionsPerSecond))
        let requests = try reader.integer(members.field(.requestsPerSecond))
        let concurrent = try reader.integer(members.field(.concurrentConnections))
        let exceptions = try decode(networks: members.field(.exceptCIDRs))
        return try field.rethrow { () throws(InvalidValue) in
            try RateLimit(
                connectionsPerSecond: connections,
                requestsPerSecond: requests,
                concurrentConnections: concurrent,
                exceptions: exceptions ?? []
            )
        }
    }

    private func decode(networks list: Field) throws(MessageError) -> [IPNetwork]? {
        guard !reader.isDefault(list) else { return nil }
        var networks: [IPNetwork] = []
        let limit = wasAccepted ? Int.max : Self.networkLimit
        try reader.forEachElement(of: list, atMost: limit, of: "networks") { field throws(MessageError) in
            networks.append(
                try reader.requiredText(field) { text throws(InvalidValue) in
                    guard let network = IPNetwork(String(text)) else {
                        throw InvalidValue(
                            "must be a network such as 192.0.2.0/24 or 2001:db8::/32, or an address, not "
                                + Excerpt.quote(String(text))
                        )
                    }
                    return network
                }
            )
        }
        return networks
    }

    /// Decodes how the load balancer connects to a node.
    func decodeConnections(_ field: Field, _ members: borrowing Members) throws(MessageError) -> NodeConnections {
        let limit = try reader.integer(members.field(.connectionLimit))
        let source = try decode(address: members.field(.sourceAddress), "of this device")
        let proxyProtocol = try decode(proxyProtocol: members.field(.proxyProtocol))
        guard limit != nil || source != nil || proxyProtocol != nil else { return .standard }
        return try field.rethrow { () throws(InvalidValue) in
            try NodeConnections(
                // HAProxy's value for no limit.
                limit: limit == 0 ? nil : limit,
                source: source,
                proxyProtocol: proxyProtocol
            )
        }
    }

    /// Decodes where a node is checked.
    func decodeCheck(_ field: Field, _ members: borrowing Members) throws(MessageError) -> NodeCheck {
        let address = try decode(address: members.field(.monitorAddress), "to check")
        let portField = try members.field(.monitorPort)
        let number = try reader.integer(portField)
        guard address != nil || number != nil else { return .standard }
        let port = try portField.rethrow { () throws(InvalidValue) in
            try number.map { number throws(InvalidValue) in try Port(number) }
        }
        return try field.rethrow { () throws(InvalidValue) in try NodeCheck(address: address, port: port) }
    }

    private func decode(address field: Field, _ what: String) throws(MessageError) -> IPAddress? {
        try reader.text(field) { text throws(InvalidValue) in
            guard let address = IPAddress(text) else {
                throw InvalidValue("must be an IPv4 or IPv6 address \(what), not \(Excerpt.quote(String(text)))")
            }
            return address
        }
    }

    /// Decodes what a check sends and expects.
    func decodeRequest(_ members: borrowing Members, _ kind: HealthMonitor.Kind) throws(MessageError) -> MonitorRequest
    {
        for name in [FieldName.httpMethod, .expectedCodes, .domainName] {
            let field = try members.field(name)
            guard !reader.isDefault(field) else { continue }
            do throws(InvalidValue) { try HealthMonitor.require(kind, name) } catch { throw field.error(error.problem) }
        }
        let method = try reader.text(members.field(.httpMethod)) { text throws(InvalidValue) in
            try CheckMethod(named: text)
        }
        let codes = try reader.text(members.field(.expectedCodes)) { text throws(InvalidValue) in
            try ExpectedCodes(String(text))
        }
        let name = try reader.text(members.field(.domainName)) { text throws(InvalidValue) in
            try DomainName(String(text))
        }
        return MonitorRequest(method: method ?? .get, expectedCodes: codes ?? .ok, domainName: name)
    }
}
