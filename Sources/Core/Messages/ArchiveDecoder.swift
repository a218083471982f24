// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Decodes an ARCHIVE.
struct ArchiveDecoder {
    let reader: FieldReader

    func decode(_ root: Members, _ list: Field) throws(MessageError) -> ArchiveRequest {
        // None of these fields is quoted in an error: a token may have been put into the wrong one.
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
        var items: [ArchiveRequest.Item] = []
        try reader.forEachElement(
            of: list,
            atMost: ArchiveRequest.maximumItems,
            of: "load balancers"
        ) { field throws(MessageError) in
            let members = try reader.members(of: field)
            let id = try reader.identifier(members.field(.id)) ?? Identifier(place: items.count + 1)
            let spoken = try reader.requiredText(members.field(.protocol)) { text throws(InvalidValue) in
                try ListenerProtocol(named: text)
            }
            items.append(ArchiveRequest.Item(id: id, protocol: spoken))
        }
        return try list.rethrow { () throws(InvalidValue) in
            try ArchiveRequest(endpoint: endpoint, token: token, basePath: basePath, items: items)
        }
    }
}
