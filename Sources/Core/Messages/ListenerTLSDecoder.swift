// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Decodes the TLS fields of a load balancer.
struct ListenerTLSDecoder {
    /// The most containers of a load balancer.
    private static let mostContainers = 5000
    /// The fields that only a load balancer that decrypts TLS may have.
    private static let names: [FieldName] = [
        .defaultTLSContainer, .sniContainers, .tlsVersions, .tlsCiphers, .alpnProtocols, .clientAuthentication,
        .clientAuthorities, .clientRevocations, .hstsMaxAge, .hstsIncludeSubdomains, .hstsPreload,
    ]

    let reader: FieldReader
    let certificates: any CertificateReader
    let wasAccepted: Bool

    func decode(
        _ members: Members,
        of load: Field,
        _ listenerProtocol: ListenerProtocol
    ) throws(MessageError) -> ListenerTLS? {
        guard listenerProtocol == .terminatedHTTPS else {
            for name in Self.names {
                let field = try members.field(name)
                guard reader.isDefault(field) || isOff(field, name) else {
                    throw field.error(
                        "needs the protocol TERMINATED_HTTPS; the protocol is \(listenerProtocol.rawValue)"
                    )
                }
            }
            return nil
        }
        let container = try members.field(.defaultTLSContainer)
        guard !reader.isDefault(container) else {
            throw container.error("is missing; a TERMINATED_HTTPS load balancer needs a certificate and its key")
        }
        let certificate = try decode(container: container)
        var others: [CertificateContainer] = []
        let list = try members.field(.sniContainers)
        if !reader.isDefault(list) {
            try reader.forEachElement(of: list, atMost: Self.mostContainers, of: "containers") {
                field throws(MessageError) in others.append(try decode(container: field))
            }
        }
        let versions = try choices(TLSVersion.self, members.field(.tlsVersions))
        let ciphers = try reader.text(members.field(.tlsCiphers)) { text throws(InvalidValue) in try TLSCiphers(text) }
        let alpn = try choices(ALPNProtocol.self, members.field(.alpnProtocols))
        let clients = try decodeClients(members)
        let hsts = try decodeHSTS(members, load)
        let range = try members.field(.tlsVersions).rethrow { () throws(InvalidValue) in
            try versions.map { versions throws(InvalidValue) in try TLSVersion.range(versions) }
        }
        return try load.rethrow { () throws(InvalidValue) in
            try ListenerTLS(
                certificate: certificate,
                hostCertificates: others,
                versions: range ?? TLSVersion.standard,
                ciphers: ciphers,
                alpnProtocols: alpn ?? ALPNProtocol.standard,
                clientAuthentication: clients,
                strictTransportSecurity: hsts
            )
        }
    }

    /// Whether a field has the value with which control planes send it for every listener.
    private func isOff(_ field: Field, _ name: FieldName) -> Bool {
        switch name {
        case .hstsIncludeSubdomains, .hstsPreload: (try? reader.boolean(field)) == false
        case .clientAuthentication:
            (try? reader.text(field) { text throws(InvalidValue) in
                try ClientAuthentication.Choice(named: text)
            }) == ClientAuthentication.Choice.none
        case .sniContainers, .tlsVersions, .alpnProtocols: reader.isEmptyList(field)
        default: false
        }
    }

    private func decode(container field: Field) throws(MessageError) -> CertificateContainer {
        let members = try reader.members(of: field)
        let id = try reader.identifier(members.field(.id))
        let sha256 = try reader.text(members.field(.sha256)) { text throws(InvalidValue) in
            try SHA256Value(String(text))
        }
        let key = try reader.text(members.field(.privateKey)) { text throws(InvalidValue) in SecretText(String(text)) }
        guard let key else {
            guard let id, let sha256 else {
                throw try members.field(.privateKey).error(
                    "is missing; without it, id and sha256 must name a container that the device has"
                )
            }
            try requireSame(members.field(.certificate), as: sha256)
            // A state file has the digest of the container's file, too.
            let field = try members.field(.fileSHA256)
            let digest =
                try wasAccepted
                ? reader.text(field) { text throws(InvalidValue) in try SHA256Value(String(text)) } : nil
            return CertificateContainer(id: id, sha256: sha256, digest: digest, content: nil)
        }
        let certificate = try reader.requiredText(members.field(.certificate)) { text throws(InvalidValue) in
            String(text)
        }
        let intermediates = try reader.strings(members.field(.intermediates), atMost: 20, of: "intermediates")
        let passphrase = try reader.text(members.field(.passphrase)) { text throws(InvalidValue) in
            SecretText(String(text))
        }
        let source = CertificateSource(
            certificate: certificate,
            intermediates: intermediates ?? [],
            privateKey: key,
            passphrase: passphrase
        )
        let container = try field.rethrow { () throws(InvalidValue) in try certificates.container(id, source) }
        if let sha256, sha256 != container.sha256 {
            throw try members.field(.sha256).error("is not the SHA-256 of the certificate, \(container.sha256)")
        }
        return container
    }

    /// Checks that a certificate without its key is the one that is referred to.
    private func requireSame(_ field: Field, as sha256: SHA256Value) throws(MessageError) {
        let found = try reader.text(field) { text throws(InvalidValue) in
            try certificates.sha256(of: String(text))
        }
        if let found, found != sha256 {
            throw field.error("is another one than sha256 names; send it with its private_key")
        }
    }

    private func decodeClients(_ members: Members) throws(MessageError) -> ClientAuthentication {
        let field = try members.field(.clientAuthentication)
        let choice = try reader.text(field) { text throws(InvalidValue) in
            try ClientAuthentication.Choice(named: text)
        }
        guard let choice, choice != .none else {
            for name in [FieldName.clientAuthorities, .clientRevocations] {
                let unused = try members.field(name)
                guard reader.isDefault(unused) else {
                    throw unused.error("needs client_authentication OPTIONAL or MANDATORY")
                }
            }
            return .none
        }
        let list = try members.field(.clientAuthorities)
        guard let authorities = try trustFile(list, { text throws(InvalidValue) in try certificates.authorities(text) })
        else { throw list.error("is missing; client_authentication \(choice.rawValue) needs it") }
        let revocations = try trustFile(members.field(.clientRevocations)) { text throws(InvalidValue) in
            try certificates.revocations(text, of: authorities)
        }
        let trust = ClientAuthentication.Trust(authorities: authorities, revocations: revocations)
        return choice == .optional ? .optional(trust) : .mandatory(trust)
    }

    private func trustFile(
        _ field: Field,
        _ read: (String) throws(InvalidValue) -> TrustFile
    ) throws(MessageError) -> TrustFile? {
        try reader.text(field) { text throws(InvalidValue) in
            let text = String(text)
            // A state file has only the digest.
            if wasAccepted, let digest = try? SHA256Value(text) { return TrustFile(sha256: digest, pem: nil) }
            return try read(text)
        }
    }

    private func decodeHSTS(_ members: Members, _ load: Field) throws(MessageError) -> StrictTransportSecurity? {
        let age = try reader.integer(members.field(.hstsMaxAge))
        let subdomains = try reader.boolean(members.field(.hstsIncludeSubdomains)) ?? false
        let preload = try reader.boolean(members.field(.hstsPreload)) ?? false
        guard let age else {
            if subdomains { throw try members.field(.hstsIncludeSubdomains).error("needs hsts_max_age") }
            if preload { throw try members.field(.hstsPreload).error("needs hsts_max_age") }
            return nil
        }
        return try load.rethrow { () throws(InvalidValue) in
            try StrictTransportSecurity(maxAge: age, includesSubdomains: subdomains, isPreloaded: preload)
        }
    }

    /// Returns the choices of a list without repetitions; nil for the default.
    private func choices<Choice: NamedChoice & Hashable>(
        _: Choice.Type,
        _ field: Field
    ) throws(MessageError) -> [Choice]? {
        guard !reader.isDefault(field) else { return nil }
        var choices: [Choice] = []
        try reader.forEachElement(of: field, atMost: 10, of: "values") { element throws(MessageError) in
            let choice = try reader.requiredText(element) { text throws(InvalidValue) in try Choice(named: text) }
            if !choices.contains(choice) { choices.append(choice) }
        }
        return choices
    }
}
