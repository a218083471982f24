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

    let containers: ContainerDecoder
    private var reader: FieldReader { containers.reader }
    private var certificates: any CertificateReader { containers.certificates }

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
        let certificate = try containers.decode(container)
        var others: [CertificateContainer] = []
        let list = try members.field(.sniContainers)
        if !reader.isDefault(list) {
            try reader.forEachElement(of: list, atMost: Self.mostContainers, of: "containers") {
                field throws(MessageError) in others.append(try containers.decode(field))
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
        guard
            let authorities = try containers.trustFile(
                list,
                { text throws(InvalidValue) in try certificates.authorities(text) }
            )
        else { throw list.error("is missing; client_authentication \(choice.rawValue) needs it") }
        let revocations = try containers.trustFile(members.field(.clientRevocations)) { text throws(InvalidValue) in
            try certificates.revocations(text, of: authorities)
        }
        let trust = ClientAuthentication.Trust(authorities: authorities, revocations: revocations)
        return choice == .optional ? .optional(trust) : .mandatory(trust)
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
