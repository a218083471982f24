// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Decodes an ARCHIVE.
struct ArchiveDecoder {
    func decode(_ root: Field, _ list: Field) throws(MessageError) -> ArchiveRequest {
        // None of these fields is quoted in an error: a token may have been put into the wrong one.
        _ = try root.member(.objectStoreType).requiredText { text throws(InvalidValue) in
            do { return try ObjectStoreKind(named: text) } catch { throw InvalidValue("must be SWIFT") }
        }
        let endpoint = try root.member(.objectStoreEndpoint).requiredText { text throws(InvalidValue) in
            try StorageEndpoint(text)
        }
        let token = try root.member(.objectStoreToken).requiredText { text throws(InvalidValue) in
            try StorageToken(text)
        }
        let basePath = try root.member(.objectStoreBasePath).requiredText { text throws(InvalidValue) in
            try ObjectBasePath(text)
        }
        var items: [ArchiveRequest.Item] = []
        for field in try list.elements(atMost: ArchiveRequest.maximumItems, of: "load balancers") {
            try field.requireObject()
            let id = try field.member(.id).identifier() ?? Identifier(place: items.count + 1)
            let spoken = try field.member(.protocol).requiredText { text throws(InvalidValue) in
                try ListenerProtocol(named: text)
            }
            items.append(ArchiveRequest.Item(id: id, protocol: spoken))
        }
        return try list.rethrow { () throws(InvalidValue) in
            try ArchiveRequest(endpoint: endpoint, token: token, basePath: basePath, items: items)
        }
    }
}
