// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Pools, their persistence, and TLS to their nodes.
extension LoadBalancerDecoder {
    /// The maximum number of pools in `pools`.
    private static let mostPools = 100

    /// Decodes the fields that a load balancer has for its default pool, and an element of `pools` for itself.
    func decode(
        pool field: Field,
        _ members: borrowing Members,
        id: Identifier?,
        _ nodesLeft: inout Int
    ) throws(MessageError) -> Pool {
        let algorithm = try reader.text(members.field(.algorithm)) { text throws(InvalidValue) in
            try BalancingAlgorithm(named: text)
        }
        let monitor = try decode(monitor: members.field(.monitor))
        let persistence = try decode(persistence: members.field(.sessionPersistence))
        let proxyProtocol = try decode(proxyProtocol: members.field(.proxyProtocol))
        let nodes = try decode(nodes: members.field(.nodes), nodesLeft)
        nodesLeft -= nodes.count
        let tls = try decodeTLS(members)
        return try field.rethrow { () throws(InvalidValue) in
            try Pool(
                id: id,
                algorithm: algorithm ?? .roundRobin,
                monitor: monitor,
                persistence: persistence,
                proxyProtocol: proxyProtocol,
                nodes: nodes,
                tls: tls
            )
        }
    }

    func decode(pools list: Field, _ nodesLeft: inout Int) throws(MessageError) -> [Pool] {
        guard !reader.isDefault(list) else { return [] }
        var pools: [Pool] = []
        let limit = wasAccepted ? Int.max : Self.mostPools
        try reader.forEachElement(of: list, atMost: limit, of: "pools") { field throws(MessageError) in
            let members = try reader.members(of: field)
            let idField = try members.field(.id)
            guard let id = try reader.identifier(idField) else {
                throw idField.error("is missing; policies name a pool by its id")
            }
            _ = try reader.text(members.field(.name)) { _ throws(InvalidValue) in }
            pools.append(try decode(pool: field, members, id: id, &nodesLeft))
        }
        return pools
    }

    private func decode(persistence field: Field) throws(MessageError) -> SessionPersistence? {
        guard !reader.isDefault(field) else { return nil }
        let members = try reader.members(of: field)
        let kind = try reader.requiredText(members.field(.type)) { text throws(InvalidValue) in
            try SessionPersistence.Kind(named: text)
        }
        let name = try reader.text(members.field(.cookieName)) { text throws(InvalidValue) in
            try CookieName(String(text))
        }
        let seconds = try reader.integer(members.field(.persistenceTimeout))
        return try field.rethrow { () throws(InvalidValue) in
            try SessionPersistence(kind, cookieName: name, seconds: seconds)
        }
    }

    private func decodeTLS(_ members: borrowing Members) throws(MessageError) -> PoolTLS? {
        let containerField = try members.field(.tlsContainer)
        let authoritiesField = try members.field(.authorities)
        let nameField = try members.field(.tlsServerName)
        guard try reader.boolean(members.field(.tlsEnabled)) ?? false else {
            for field in [containerField, authoritiesField, nameField] where !reader.isDefault(field) {
                throw field.error("needs tls_enabled true")
            }
            return nil
        }
        let certificate = reader.isDefault(containerField) ? nil : try containers.decode(containerField)
        let authorities = try containers.trustFile(authoritiesField) { text throws(InvalidValue) in
            try certificates.authorities(text)
        }
        let name = try reader.text(nameField) { text throws(InvalidValue) in try DomainName(String(text)) }
        return PoolTLS(certificate: certificate, authorities: authorities, serverName: name)
    }
}
