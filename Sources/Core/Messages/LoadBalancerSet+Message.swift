// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

extension LoadBalancerSet {
    /// The members of the equivalent UPDATE: the rules for messages apply to the state file, too.
    package var messageMembers: [JSONFragment.Member] { messageMembers(withKeys: false) }

    /// The members of the equivalent UPDATE.
    ///
    /// - Parameter withKeys: Whether it has the certificates and keys of the message, and not only references to them.
    package func messageMembers(withKeys: Bool) -> [JSONFragment.Member] {
        var members: [JSONFragment.Member] = [.init("hpcs_action", .string("UPDATE"))]
        if let version { members.append(.init("config_version", .integer(Int64(version.number)))) }
        return members + [.init("loadbalancers", .array(loadBalancers.map { $0.json(withKeys: withKeys) }))]
    }

    /// The equivalent UPDATE, as JSON on one line, for a driver's state file; it has no private key.
    public var message: [UInt8] { JSONFragment.object(messageMembers).json }

    /// Decodes an UPDATE, for example from a driver's state file.
    ///
    /// Rules that earlier versions of the agent did not have are not applied, so that a device continues to serve.
    ///
    /// - Returns: nil for anything else.
    public init?(message bytes: [UInt8]) {
        let limits = MessageLimits(messageBytes: .max, nodeCount: .max, loadBalancerCount: .max)
        guard let document = try? JSONDocument(bytes),
            let message = try? Message(document, limits: limits, wasAccepted: true),
            case .update(let set) = message.action
        else { return nil }
        self = set
    }
}

extension LoadBalancer {
    fileprivate func json(withKeys: Bool) -> JSONFragment {
        var members: [JSONFragment.Member] = []
        if let id { members.append(.init("id", .string(id.description))) }
        if let address { members.append(.init("address", .string(address.description))) }
        if redirectsToHTTPS { members.append(.init("redirect_to_https", .boolean(true))) }
        if let tls { members += tls.members(withKeys: withKeys) }
        members.append(.init("protocol", .string(self.protocol.rawValue)))
        members.append(.init("port", .integer(Int64(port.number))))
        members += defaultPool.members(withKeys: withKeys, options: options)
        if !pools.isEmpty {
            members.append(
                .init("pools", .array(pools.map { JSONFragment.object($0.members(withKeys: withKeys)) }))
            )
        }
        return .object(members + accessMembers + routing.members)
    }
}

extension Pool {
    /// - Parameter options: The options of the load balancer for its default pool.
    fileprivate func members(withKeys: Bool, options: ConnectionOptions? = nil) -> [JSONFragment.Member] {
        var members: [JSONFragment.Member] = []
        if let id { members.append(.init("id", .string(id.description))) }
        members.append(.init("algorithm", .string(algorithm.rawValue)))
        members.append(.init("monitor", monitor.json))
        if let options { members.append(.init("options", options.json)) }
        members.append(.init("nodes", .array(nodes.map(\.json))))
        if let proxyProtocol { members.append(.init("proxy_protocol", .string(proxyProtocol.rawValue))) }
        if let persistence { members.append(.init("session_persistence", persistence.json)) }
        if let tls { members += tls.members(withKeys: withKeys) }
        return members
    }
}

extension HealthMonitor {
    fileprivate var json: JSONFragment {
        let members: [JSONFragment.Member] = [
            .init("type", .string(kind.rawValue)),
            .init("delay", .integer(Int64(delay))),
            .init("timeout", .integer(Int64(timeout))),
            .init("attempts", .integer(Int64(attempts))),
            .init("path", .string(path.description)),
        ]
        return .object(members + requestMembers)
    }
}

extension ConnectionOptions {
    fileprivate var json: JSONFragment {
        let members: [JSONFragment.Member] = [
            .init("client_timeout", .integer(Int64(clientTimeout))),
            .init("server_timeout", .integer(Int64(serverTimeout))),
            .init("connect_timeout", .integer(Int64(connectTimeout))),
            .init("connect_retries", .integer(Int64(connectRetries))),
        ]
        return .object(members + timeoutMembers)
    }
}

extension Node {
    fileprivate var json: JSONFragment {
        let members: [JSONFragment.Member] = [
            .init("id", .string(id.description)),
            .init("address", .string(address.description)),
            .init("port", .integer(Int64(port.number))),
            .init("weight", .integer(Int64(weight))),
            .init("backup", .boolean(isBackup)),
            .init("condition", .string(condition.rawValue)),
        ]
        return .object(members + connectionMembers)
    }
}
