// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

extension ListenerTLS {
    /// The members of a load balancer that give its TLS.
    ///
    /// - Parameter withKeys: Whether they have certificates and keys, and not only references to them.
    func members(withKeys: Bool) -> [JSONFragment.Member] {
        var members: [JSONFragment.Member] = [
            .init("default_tls_container_data", certificate.json(withKey: withKeys))
        ]
        if !hostCertificates.isEmpty {
            members.append(.init("sni_container_data", .array(hostCertificates.map { $0.json(withKey: withKeys) })))
        }
        let versions = TLSVersion.allCases.filter(self.versions.contains)
        members.append(.init("tls_versions", .array(versions.map { .string($0.rawValue) })))
        if let ciphers { members.append(.init("tls_ciphers", .string(ciphers.description))) }
        members.append(.init("alpn_protocols", .array(alpnProtocols.map { .string($0.rawValue) })))
        members += clientAuthentication.members(withText: withKeys)
        if let strictTransportSecurity { members += strictTransportSecurity.members }
        return members
    }
}

extension PoolTLS {
    /// The members of a load balancer or pool that give the TLS to its nodes.
    ///
    /// - Parameter withKeys: Whether they have certificates and keys, and not only references to them.
    func members(withKeys: Bool) -> [JSONFragment.Member] {
        var members: [JSONFragment.Member] = [.init("tls_enabled", .boolean(true))]
        if let certificate { members.append(.init("tls_container_data", certificate.json(withKey: withKeys))) }
        if let authorities { members.append(.init("ca_tls_container_data", authorities.json(withText: withKeys))) }
        if let serverName { members.append(.init("tls_server_name", .string(serverName.description))) }
        return members
    }
}

extension TrustFile {
    fileprivate func json(withText: Bool) -> JSONFragment {
        .string(withText ? pem ?? sha256.description : sha256.description)
    }
}

extension CertificateContainer {
    fileprivate func json(withKey: Bool) -> JSONFragment {
        var members: [JSONFragment.Member] = [
            .init("id", .string(id.description)), .init("sha256", .string(sha256.description)),
        ]
        if withKey {
            if let content {
                members += [
                    .init("certificate", .string(content.certificate)),
                    .init("intermediates", .array(content.intermediates.map(JSONFragment.string))),
                    .init("private_key", .string(content.privateKey.secret)),
                ]
            }
        } else if let digest {
            members.append(.init("file_sha256", .string(digest.description)))
        }
        return .object(members)
    }
}

extension ClientAuthentication {
    fileprivate func members(withText: Bool) -> [JSONFragment.Member] {
        guard let trust else { return [] }
        return [
            .init("client_authentication", .string(choice.rawValue)),
            .init("client_ca_tls_container_data", trust.authorities.json(withText: withText)),
        ] + (trust.revocations.map { [.init("client_crl_container_data", $0.json(withText: withText))] } ?? [])
    }
}

extension StrictTransportSecurity {
    fileprivate var members: [JSONFragment.Member] {
        [
            .init("hsts_max_age", .integer(Int64(maxAge))),
            .init("hsts_include_subdomains", .boolean(includesSubdomains)),
            .init("hsts_preload", .boolean(isPreloaded)),
        ]
    }
}
