// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Decodes an ARCHIVE.
struct ArchiveDecoder {
    /// The maximum size of a value that an error may quote, in bytes; tokens are longer.
    private static let longestQuote = 16
    /// The minimum size of a token to search for in other fields, in bytes; shorter ones may occur in any text.
    private static let shortestToken = 16

    let reader: FieldReader
    /// The supported types of stores.
    let stores: [StoreFormat]

    func decode(_ root: Members, _ list: Field) throws(MessageError) -> ArchiveRequest {
        // Errors never quote these fields, or a long value of another: it may be a token in the wrong field.
        let store = try reader.requiredText(root.field(.objectStoreType)) { text throws(InvalidValue) in
            try storeFormat(named: text)
        }
        let endpoint = try reader.requiredText(root.field(.objectStoreEndpoint)) { text throws(InvalidValue) in
            try StorageEndpoint(String(text))
        }
        let credentials = try self.credentials(for: store)
        let basePath = try reader.requiredText(root.field(.objectStoreBasePath)) { text throws(InvalidValue) in
            try ObjectBasePath(String(text))
        }
        // Object names and hosts are logged.
        let secrets = store.credentials.compactMap { $0.isSecret ? credentials[$0.name] : nil }
        try requireNone(of: secrets, in: endpoint.description, of: root.field(.objectStoreEndpoint))
        try requireNone(of: secrets, in: basePath.description, of: root.field(.objectStoreBasePath))
        var items: [ArchiveRequest.Item] = []
        try reader.forEachElement(
            of: list,
            atMost: ArchiveRequest.maximumItems,
            of: "load balancers"
        ) { field throws(MessageError) in
            let members = try reader.members(of: field)
            let id = try identifier(members.field(.id)) ?? Identifier(place: items.count + 1)
            try requireNone(of: secrets, in: id.description, of: members.field(.id))
            let listenerProtocol = try reader.requiredText(members.field(.protocol)) { text throws(InvalidValue) in
                try Self.quotingNoSecret(text) { text throws(InvalidValue) in try ListenerProtocol(named: text) }
            }
            items.append(ArchiveRequest.Item(id: id, protocol: listenerProtocol))
        }
        return try list.rethrow { () throws(InvalidValue) in
            try ArchiveRequest(
                store: store.type,
                endpoint: endpoint,
                credentials: credentials,
                basePath: basePath,
                items: items
            )
        }
    }

    private func storeFormat(named text: Span<UInt8>) throws(InvalidValue) -> StoreFormat {
        let names = stores.map { $0.type.uppercased() }
        for (store, name) in zip(stores, names) where text.equalsIgnoringCase(name) { return store }
        guard !names.isEmpty else { throw InvalidValue("cannot be served: this agent has no object store") }
        throw InvalidValue("must be " + names.joined(separator: " or "))
    }

    private func credentials(for store: StoreFormat) throws(MessageError) -> StorageCredentials {
        var values: [String: StorageToken] = [:]
        for field in store.credentials {
            guard let text = try reader.rootString(named: field.name, isRequired: field.isRequired) else { continue }
            do throws(InvalidValue) { values[field.name] = try StorageToken(text) } catch {
                throw MessageError(member: field.name, error.problem)
            }
        }
        return StorageCredentials(values)
    }

    private func requireNone(of secrets: [StorageToken], in text: String, of field: Field) throws(MessageError) {
        let text = text.lowercased()
        for secret in secrets where secret.secret.utf8.count >= Self.shortestToken {
            if text.contains(secret.secret.lowercased()) { throw field.error("must not contain the token") }
        }
    }

    private func identifier(_ field: Field) throws(MessageError) -> Identifier? {
        // A number cannot be a token.
        guard reader.isString(field) else { return try reader.identifier(field) }
        return try reader.requiredText(field) { text throws(InvalidValue) in
            try Self.quotingNoSecret(text) { text throws(InvalidValue) in try Identifier(text) }
        }
    }

    private static func quotingNoSecret<Value>(
        _ text: Span<UInt8>,
        _ make: (Span<UInt8>) throws(InvalidValue) -> Value
    ) throws(InvalidValue) -> Value {
        do throws(InvalidValue) { return try make(text) } catch {
            guard text.count > longestQuote, let quote = error.problem.firstRange(of: ", not \"") else { throw error }
            let rest = error.problem[..<quote.lowerBound]
            throw InvalidValue("\(rest), not a text of \(text.count) bytes", member: error.member)
        }
    }
}
