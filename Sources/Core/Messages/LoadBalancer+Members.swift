// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The members of an UPDATE for limits, PROXY headers and checks: only those that differ from the default.
extension LoadBalancer {
    var accessMembers: [JSONFragment.Member] {
        var members: [JSONFragment.Member] = []
        if let limit = access.connectionLimit { members.append(.init("connection_limit", .integer(Int64(limit)))) }
        if let networks = access.allowedNetworks { members.append(.init("allowed_cidrs", .networks(networks))) }
        if let rateLimit = access.rateLimit { members.append(.init("rate_limit", rateLimit.json)) }
        if access.acceptsProxyProtocol { members.append(.init("accept_proxy_protocol", .boolean(true))) }
        return members
    }
}

extension RateLimit {
    fileprivate var json: JSONFragment {
        var members: [JSONFragment.Member] = []
        if let connectionsPerSecond {
            members.append(.init("connections_per_second", .integer(Int64(connectionsPerSecond))))
        }
        if let requestsPerSecond { members.append(.init("requests_per_second", .integer(Int64(requestsPerSecond)))) }
        if let concurrentConnections {
            members.append(.init("concurrent_connections", .integer(Int64(concurrentConnections))))
        }
        if !exceptions.isEmpty { members.append(.init("except_cidrs", .networks(exceptions))) }
        return .object(members)
    }
}

extension Node {
    var connectionMembers: [JSONFragment.Member] {
        var members: [JSONFragment.Member] = []
        if let address = check.address { members.append(.init("monitor_address", .string(address.description))) }
        if let port = check.port { members.append(.init("monitor_port", .integer(Int64(port.number)))) }
        if let limit = connections.limit { members.append(.init("connection_limit", .integer(Int64(limit)))) }
        if let source = connections.source { members.append(.init("source_address", .string(source.description))) }
        if let version = connections.proxyProtocol {
            members.append(.init("proxy_protocol", .string(version.rawValue)))
        }
        return members
    }
}

extension HealthMonitor {
    var requestMembers: [JSONFragment.Member] {
        var members: [JSONFragment.Member] = []
        if request.method != .get { members.append(.init("http_method", .string(request.method.rawValue))) }
        if request.expectedCodes != .ok {
            members.append(.init("expected_codes", .string(request.expectedCodes.description)))
        }
        if let name = request.domainName { members.append(.init("domain_name", .string(name.description))) }
        if let maxRetries { members.append(.init("max_retries", .integer(Int64(maxRetries)))) }
        if let maxRetriesDown { members.append(.init("max_retries_down", .integer(Int64(maxRetriesDown)))) }
        return members
    }
}

extension ConnectionOptions {
    var timeoutMembers: [JSONFragment.Member] {
        var members: [JSONFragment.Member] = []
        if let tunnelTimeout { members.append(.init("tunnel_timeout", .integer(Int64(tunnelTimeout)))) }
        if let httpRequestTimeout {
            members.append(.init("http_request_timeout", .integer(Int64(httpRequestTimeout))))
        }
        if let queueTimeout { members.append(.init("queue_timeout", .integer(Int64(queueTimeout)))) }
        return members
    }
}

extension JSONFragment {
    fileprivate static func networks(_ networks: [IPNetwork]) -> JSONFragment {
        .array(networks.map { .string($0.description) })
    }
}
