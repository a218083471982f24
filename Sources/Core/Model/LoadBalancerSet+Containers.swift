// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

extension LoadBalancerSet {
    /// Returns the same load balancers with other containers for certificates.
    ///
    /// - Parameter replace: Returns the container for another one, given its field.
    package func replacingContainers<Failure>(
        _ replace: (CertificateContainer, LoadBalancerField) throws(Failure) -> CertificateContainer
    ) throws(Failure) -> LoadBalancerSet {
        try mapped { loadBalancer, index throws(Failure) in
            try loadBalancer.replacingTLS(
                { tls throws(Failure) in
                    try tls.replacingContainers { container, name throws(Failure) in
                        try replace(container, LoadBalancerField(loadBalancer: index, name: name))
                    }
                },
                inPool: { tls, pool throws(Failure) in
                    guard let certificate = tls.certificate else { return tls }
                    let field = LoadBalancerField(loadBalancer: index, pool: pool, name: "tls_container_data")
                    return tls.with(try replace(certificate, field))
                }
            )
        }
    }

    /// All containers.
    package var containers: [CertificateContainer] { loadBalancers.flatMap(\.containers) }

    /// All files of authorities and revocation lists.
    package var trustFiles: [TrustFile] { loadBalancers.flatMap(\.trustFiles) }

    /// The same load balancers with the digests of their certificates only, so that no private key stays in memory.
    package var withoutContents: LoadBalancerSet {
        replacingContainers { container, _ in container.with(digest: container.digest) }
    }

    /// Returns the same load balancers, whose containers without a private key are those that the device has.
    ///
    /// - Parameters:
    ///   - known: The load balancers that the device has.
    ///   - isStored: Whether the device still has the content with a digest.
    /// - Throws: `DriverError` with code `keyRequired` and the field of a container that the device does not have.
    package func resolved(
        from known: LoadBalancerSet?,
        isStored: (SHA256Value) -> Bool = { _ in true }
    ) throws(DriverError) -> LoadBalancerSet {
        guard containers.contains(where: { $0.digest == nil }) else { return self }
        struct Name: Hashable {
            let id: Identifier
            let sha256: SHA256Value
        }
        var digests: [Name: SHA256Value] = [:]
        for container in known?.containers ?? [] {
            digests[Name(id: container.id, sha256: container.sha256)] = container.digest
        }
        return try replacingContainers { container, field throws(DriverError) in
            guard container.digest == nil else { return container }
            guard let digest = digests[Name(id: container.id, sha256: container.sha256)], isStored(digest) else {
                throw DriverError(
                    .keyRequired,
                    "is not on this device with the id \(container.id) and this sha256; send its certificate and private_key",
                    field: field
                )
            }
            return container.with(digest: digest)
        }
    }
}

extension LoadBalancer {
    /// The containers of its listener and its pools.
    package var containers: [CertificateContainer] {
        (tls?.containers ?? []) + allPools.compactMap { $0.tls?.certificate }
    }

    /// The files of authorities and revocation lists of its listener and its pools.
    package var trustFiles: [TrustFile] {
        (tls?.clientAuthentication.trust?.files ?? []) + allPools.compactMap { $0.tls?.authorities }
    }
}

extension CertificateContainer {
    /// The same container, without content.
    fileprivate func with(digest: SHA256Value?) -> CertificateContainer {
        CertificateContainer(id: id, sha256: sha256, digest: digest, content: nil)
    }
}
