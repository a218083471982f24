// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// TLS to the nodes of a pool: the field `tls_enabled` and those that belong to it.
public struct PoolTLS: Hashable, Sendable {
    /// The certificate and key that nodes receive; nil for none.
    public let certificate: CertificateContainer?
    /// The authorities of the nodes' certificates; nil to verify no certificate.
    public let authorities: TrustFile?
    /// The name in the nodes' certificates, which is also sent as server name (SNI); nil for each node's host name.
    ///
    /// It never depends on a client.
    public let serverName: DomainName?

    /// Creates TLS.
    public init(
        certificate: CertificateContainer? = nil,
        authorities: TrustFile? = nil,
        serverName: DomainName? = nil
    ) {
        self.certificate = certificate
        self.authorities = authorities
        self.serverName = serverName
    }

    /// The name in the certificate of a node; nil if none is known.
    public func serverName(of node: Node) -> DomainName? {
        if let serverName { return serverName }
        return if case .name(let name) = node.address { try? DomainName(name) } else { nil }
    }

    /// Checks that the certificate of each node can be verified.
    func requireName(of nodes: [Node]) throws(InvalidValue) {
        guard authorities != nil, let index = nodes.firstIndex(where: { serverName(of: $0) == nil }) else { return }
        throw InvalidValue(
            "is missing; with ca_tls_container_data, nodes[\(index)] needs it, because it has no host name",
            member: "tls_server_name"
        )
    }

    /// Returns the same TLS with another container.
    func with(_ certificate: CertificateContainer?) -> PoolTLS {
        PoolTLS(certificate: certificate, authorities: authorities, serverName: serverName)
    }
}
