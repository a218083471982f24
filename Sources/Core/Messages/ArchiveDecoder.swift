// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Decodes an ARCHIVE.
struct ArchiveDecoder {
    /// The longest value that an error may quote, in bytes; tokens are longer.
    private static let longestQuote = 16
    /// The shortest token that is looked for in other fields, in bytes; shorter ones may be part of any text.
    private static let shortestToken = 16

    let reader: FieldReader

    func decode(_ root: Members, _ list: Field) throws(MessageError) -> ArchiveRequest {
        // No error quotes one of these fields, or a long value of another: a token may have been put into the wrong one.
        _ = try reader.requiredText(root.field(.objectStoreType)) { text throws(InvalidValue) in
            do { return try ObjectStoreKind(named: text) } catch { throw InvalidValue("must be SWIFT") }
        }
        let endpoint = try reader.requiredText(root.field(.objectStoreEndpoint)) { text throws(InvalidValue) in
            try StorageEndpoint(String(text))
        }
        let token = try reader.requiredText(root.field(.objectStoreToken)) { text throws(InvalidValue) in
            try StorageToken(String(text))
        }
        let basePath = try reader.requiredText(root.field(.objectStoreBasePath)) { text throws(InvalidValue) in
            try ObjectBasePath(String(text))
        }
        // Names of objects and hosts are logged.
        try requireNoToken(token, in: endpoint.description, of: root.field(.objectStoreEndpoint))
        try requireNoToken(token, in: basePath.description, of: root.field(.objectStoreBasePath))
        var items: [ArchiveRequest.Item] = []
        try reader.forEachElement(
            of: list,
            atMost: ArchiveRequest.maximumItems,
            of: "load balancers"
        ) { field throws(MessageError) in
            let members = try reader.members(of: field)
            let id = try identifier(members.field(.id)) ?? Identifier(place: items.count + 1)
            try requireNoToken(token, in: id.description, of: members.field(.id))
            let listenerProtocol = try reader.requiredText(members.field(.protocol)) { text throws(InvalidValue) in
                try Self.quotingNoSecret(text) { text throws(InvalidValue) in try ListenerProtocol(named: text) }
            }
            items.append(ArchiveRequest.Item(id: id, protocol: listenerProtocol))
        }
        return try list.rethrow { () throws(InvalidValue) in
            try ArchiveRequest(endpoint: endpoint, token: token, basePath: basePath, items: items)
        }
    }

    private func requireNoToken(
        _ token: StorageToken,
        in text: String,
        of field: Field
    ) throws(MessageError) {
        guard token.secret.utf8.count >= Self.shortestToken else { return }
        if text.lowercased().contains(token.secret.lowercased()) { throw field.error("must not contain the token") }
    }

    private func identifier(_ field: Field) throws(MessageError) -> Identifier? {
        // A number is no token.
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
