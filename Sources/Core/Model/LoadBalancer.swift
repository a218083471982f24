// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The configuration of one load balancer: an entry of an UPDATE's `loadbalancers`.
public struct LoadBalancer: Hashable, Sendable {
    /// The control plane's id, if the message contains one.
    public let id: Identifier?
    /// The protocol.
    public let `protocol`: ListenerProtocol
    /// The address to listen on; nil for all addresses of the device.
    public let address: IPAddress?
    /// The port to listen on.
    public let port: Port
    /// The balancing algorithm.
    public let algorithm: BalancingAlgorithm
    /// The health check.
    public let monitor: HealthMonitor
    /// The timeouts and retries.
    public let options: ConnectionOptions
    /// Which clients can connect, and their limits.
    public let access: ClientAccess
    /// The PROXY header that nodes and their checks receive, unless a node has its own; nil for none.
    public let proxyProtocol: ProxyProtocol?
    /// The nodes, in the message's order; may be empty.
    public let nodes: [Node]
    /// The TLS of a TERMINATED_HTTPS load balancer; nil for any other protocol.
    public private(set) var tls: ListenerTLS?
    /// Whether an HTTP load balancer redirects its clients to HTTPS, with the same host and path.
    public let redirectsToHTTPS: Bool

    /// Creates a load balancer.
    ///
    /// - Throws: `InvalidValue` with the member `nodes[N].id` if two nodes have the same id, and for a limit that is
    ///   only for HTTP.
    public init(
        id: Identifier? = nil,
        protocol: ListenerProtocol,
        address: IPAddress? = nil,
        port: Port,
        algorithm: BalancingAlgorithm = .roundRobin,
        monitor: HealthMonitor = .standard,
        options: ConnectionOptions = .standard,
        access: ClientAccess = .standard,
        proxyProtocol: ProxyProtocol? = nil,
        nodes: [Node],
        tls: ListenerTLS? = nil,
        redirectsToHTTPS: Bool = false
    ) throws(InvalidValue) {
        try Self.requireUnique(nodes)
        if `protocol`.proxyKind != .http {
            if access.rateLimit?.requestsPerSecond != nil {
                throw Self.onlyForHTTP("rate_limit.requests_per_second", `protocol`)
            }
            if options.httpRequestTimeout != nil { throw Self.onlyForHTTP("options.http_request_timeout", `protocol`) }
        }
        self.id = id
        self.protocol = `protocol`
        self.address = address
        self.port = port
        self.algorithm = algorithm
        self.monitor = monitor
        self.options = options
        self.access = access
        self.proxyProtocol = proxyProtocol
        self.nodes = nodes
        self.tls = tls
        self.redirectsToHTTPS = redirectsToHTTPS
    }

    /// Returns the same load balancer with other TLS.
    func with(_ tls: ListenerTLS?) -> LoadBalancer {
        var copy = self
        copy.tls = tls
        return copy
    }

    private static func onlyForHTTP(_ member: String, _ listenerProtocol: ListenerProtocol) -> InvalidValue {
        InvalidValue("is only for HTTP, not for \(listenerProtocol.rawValue)", member: member)
    }

    private static func requireUnique(_ nodes: [Node]) throws(InvalidValue) {
        guard !areInOrder(nodes) else { return }
        var seen: [Identifier: Int] = [:]
        seen.reserveCapacity(nodes.count)
        for (index, node) in nodes.enumerated() {
            if let first = seen.updateValue(index, forKey: node.id) {
                throw InvalidValue(
                    "is \(Excerpt.quote(node.id.description)), the same as nodes[\(first)]",
                    member: "nodes[\(index)].id"
                )
            }
        }
    }

    /// Whether the node ids are in ascending order, as in most messages.
    private static func areInOrder(_ nodes: [Node]) -> Bool {
        for index in nodes.indices.dropFirst() where !nodes[index - 1].id.isBefore(nodes[index].id) { return false }
        return true
    }
}
