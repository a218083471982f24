// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The TLS of a listener that decrypts: the fields of a TERMINATED_HTTPS load balancer.
public struct ListenerTLS: Hashable, Sendable {
    /// The container for clients that name no host, or one that no other container has.
    public private(set) var certificate: CertificateContainer
    /// The containers that are chosen by the host that the client names (SNI); their ids are unique.
    public private(set) var hostCertificates: [CertificateContainer]
    /// The lowest and the highest version.
    public let versions: ClosedRange<TLSVersion>
    /// The cipher suites for TLS 1.2 and older; nil for the driver's default.
    public let ciphers: TLSCiphers?
    /// The protocols that are offered, in order of preference; empty for HTTP/1.1 alone.
    public let alpnProtocols: [ALPNProtocol]
    /// Whether clients must have a certificate.
    public let clientAuthentication: ClientAuthentication
    /// The header `Strict-Transport-Security`; nil for none.
    public let strictTransportSecurity: StrictTransportSecurity?

    /// Creates the TLS of a listener.
    ///
    /// - Throws: `InvalidValue` for two containers with the same id.
    package init(
        certificate: CertificateContainer,
        hostCertificates: [CertificateContainer] = [],
        versions: ClosedRange<TLSVersion> = TLSVersion.standard,
        ciphers: TLSCiphers? = nil,
        alpnProtocols: [ALPNProtocol] = ALPNProtocol.standard,
        clientAuthentication: ClientAuthentication = .none,
        strictTransportSecurity: StrictTransportSecurity? = nil
    ) throws(InvalidValue) {
        var seen: [Identifier: Int] = [:]
        for (index, container) in hostCertificates.enumerated() {
            guard let first = seen.updateValue(index, forKey: container.id) else { continue }
            throw InvalidValue(
                "is \(Excerpt.quote(container.id.description)), the same as sni_container_data[\(first)]",
                member: "sni_container_data[\(index)].id"
            )
        }
        self.certificate = certificate
        self.hostCertificates = hostCertificates
        self.versions = versions
        self.ciphers = ciphers
        self.alpnProtocols = alpnProtocols
        self.clientAuthentication = clientAuthentication
        self.strictTransportSecurity = strictTransportSecurity
    }

    /// All containers, the default first.
    public var containers: [CertificateContainer] { [certificate] + hostCertificates }

    /// Returns the same TLS with other containers.
    ///
    /// - Parameter replace: Returns the container for another one, given its field relative to the load balancer.
    package func replacingContainers<Failure>(
        _ replace: (CertificateContainer, String) throws(Failure) -> CertificateContainer
    ) throws(Failure) -> ListenerTLS {
        var copy = self
        copy.certificate = try replace(certificate, "default_tls_container_data")
        for index in hostCertificates.indices {
            copy.hostCertificates[index] = try replace(hostCertificates[index], "sni_container_data[\(index)]")
        }
        return copy
    }
}
