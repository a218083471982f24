// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The configuration of one load balancer: an entry of an UPDATE's `loadbalancers`.
public struct LoadBalancer: Hashable, Sendable {
    /// The control plane's id, if the message contains one.
    public let id: Identifier?
    /// What tells it from the others of its device.
    public internal(set) var key: LoadBalancerKey
    /// The protocol.
    public let `protocol`: ListenerProtocol
    /// The address to listen on; nil for all addresses of the device.
    public let address: IPAddress?
    /// The port to listen on.
    public let port: Port
    /// The timeouts and retries.
    public let options: ConnectionOptions
    /// Which clients can connect, and their limits.
    public let access: ClientAccess
    /// The pool for all requests that no policy sends elsewhere; its id is nil.
    public private(set) var defaultPool: Pool
    /// The pools that policies can name, each with an id.
    public private(set) var pools: [Pool]
    /// The rules for requests, for HTTP.
    public let routing: Routing
    /// The TLS of a TERMINATED_HTTPS load balancer; nil for any other protocol.
    public private(set) var tls: ListenerTLS?
    /// Whether an HTTP load balancer redirects its clients to HTTPS, with the same host and path.
    public let redirectsToHTTPS: Bool

    /// Creates a load balancer.
    ///
    /// - Throws: `InvalidValue` with the member at fault: two pools with the same id, a policy that names a pool that is
    ///   not there, and what is only for HTTP or for TLS.
    public init(
        id: Identifier? = nil,
        protocol: ListenerProtocol,
        address: IPAddress? = nil,
        port: Port,
        options: ConnectionOptions = .standard,
        access: ClientAccess = .standard,
        defaultPool: Pool,
        pools: [Pool] = [],
        routing: Routing = .none,
        tls: ListenerTLS? = nil,
        redirectsToHTTPS: Bool = false
    ) throws(InvalidValue) {
        self.id = id
        key = LoadBalancerKey(`protocol`.proxyKind)
        self.protocol = `protocol`
        self.address = address
        self.port = port
        self.options = options
        self.access = access
        self.defaultPool = defaultPool
        self.pools = pools
        self.routing = routing
        self.tls = tls
        self.redirectsToHTTPS = redirectsToHTTPS
        try requireProtocol()
        try requirePools()
    }

    /// Creates a load balancer with one pool.
    ///
    /// - Throws: `InvalidValue` as the other initializer and that of `Pool`.
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
        try self.init(
            id: id,
            protocol: `protocol`,
            address: address,
            port: port,
            options: options,
            access: access,
            defaultPool: Pool(algorithm: algorithm, monitor: monitor, proxyProtocol: proxyProtocol, nodes: nodes),
            tls: tls,
            redirectsToHTTPS: redirectsToHTTPS
        )
    }

    /// The nodes of the default pool.
    public var nodes: [Node] { defaultPool.nodes }
    /// The balancing algorithm of the default pool.
    public var algorithm: BalancingAlgorithm { defaultPool.algorithm }
    /// The health check of the default pool.
    public var monitor: HealthMonitor { defaultPool.monitor }
    /// The PROXY header that the nodes of the default pool receive.
    public var proxyProtocol: ProxyProtocol? { defaultPool.proxyProtocol }
    /// The default pool and the others.
    public var allPools: [Pool] { [defaultPool] + pools }
    /// The number of nodes in all pools.
    public var nodeCount: Int { pools.reduce(nodes.count) { $0 + $1.nodes.count } }

    /// Returns the same load balancer with other TLS.
    ///
    /// - Parameters:
    ///   - replace: Returns the TLS to clients for another one.
    ///   - replaceInPool: Returns the TLS to nodes for another one, given the index in `pools`; nil for the default pool.
    func replacingTLS<Failure>(
        _ replace: (ListenerTLS) throws(Failure) -> ListenerTLS,
        inPool replaceInPool: (PoolTLS, Int?) throws(Failure) -> PoolTLS
    ) throws(Failure) -> LoadBalancer {
        var copy = self
        if let tls { copy.tls = try replace(tls) }
        if let tls = defaultPool.tls { copy.defaultPool = defaultPool.with(try replaceInPool(tls, nil)) }
        for (index, pool) in pools.enumerated() {
            if let tls = pool.tls { copy.pools[index] = pool.with(try replaceInPool(tls, index)) }
        }
        return copy
    }
}

// MARK: - Checks

extension LoadBalancer {
    private func requireProtocol() throws(InvalidValue) {
        guard key.proxyKind != .http else { return try requireTLS() }
        func requireNot(_ isUsed: Bool, _ member: String) throws(InvalidValue) {
            if isUsed { throw InvalidValue("is only for HTTP, not for \(self.protocol.rawValue)", member: member) }
        }
        try requireNot(access.rateLimit?.requestsPerSecond != nil, "rate_limit.requests_per_second")
        try requireNot(options.httpRequestTimeout != nil, "options.http_request_timeout")
        if self.protocol == .https, defaultPool.tls != nil {
            throw InvalidValue("has no meaning for HTTPS, which passes its clients' TLS on", member: "tls_enabled")
        }
        try requireNot(!pools.isEmpty, "pools")
        try requireNot(!routing.policies.isEmpty, "l7policies")
        try requireNot(routing.insertedHeaders != nil, "insert_headers")
        try requireNot(!routing.errorPages.isEmpty, "error_pages")
        switch defaultPool.persistence {
        case .httpCookie, .appCookie: try requireNot(true, "session_persistence.type")
        case .sourceIP where self.protocol == .galera:
            throw InvalidValue(
                "must be NONE for GALERA: a client would stay with a backup and write there",
                member: "session_persistence.type"
            )
        case .sourceIP, nil, SessionPersistence.none?: break
        }
    }

    /// Checks that what is about clients' certificates belongs to a load balancer that can have them.
    private func requireTLS() throws(InvalidValue) {
        guard self.protocol != .terminatedHTTPS else { return }
        func onlyForTLS(_ member: String) -> InvalidValue {
            InvalidValue(
                "needs the protocol TERMINATED_HTTPS; the protocol is \(self.protocol.rawValue)",
                member: member
            )
        }
        if let header = routing.insertedHeaders?.headers.first(where: \.isAboutCertificate) {
            throw onlyForTLS("insert_headers.\(header.rawValue)")
        }
        for policy in routing.policies {
            if let rule = policy.rules.first(where: \.kind.isAboutCertificate) {
                throw onlyForTLS("l7policies[\(policy.index)].rules[\(rule.index)].type")
            }
        }
    }

    private func requirePools() throws(InvalidValue) {
        var seen: [Identifier: Int] = [:]
        for (index, pool) in pools.enumerated() {
            guard let id = pool.id else { throw InvalidValue("is missing", member: "pools[\(index)].id") }
            if let first = seen.updateValue(index, forKey: id) {
                throw InvalidValue(
                    "is \(Excerpt.quote(id.description)), the same as pools[\(first)]",
                    member: "pools[\(index)].id"
                )
            }
        }
        for policy in routing.policies {
            if case .redirectToPool(let id) = policy.action, seen[id] == nil {
                throw InvalidValue(
                    "is \(Excerpt.quote(id.description)), which is no id in pools",
                    member: "l7policies[\(policy.index)].redirect_pool_id"
                )
            }
        }
    }
}
