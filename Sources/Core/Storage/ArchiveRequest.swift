// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The contents of an ARCHIVE message.
package struct ArchiveRequest: Hashable, Sendable {
    /// One load balancer whose log to archive.
    package struct Item: Hashable, Sendable {
        /// The load balancer's id, part of the object's name.
        package let id: Identifier
        /// The load balancer's protocol, which selects one of the device's two logs.
        package let `protocol`: ListenerProtocol

        /// Creates an item.
        package init(id: Identifier, protocol: ListenerProtocol) {
            self.id = id
            self.protocol = `protocol`
        }
    }

    /// The type of the store, in lower case.
    package let store: String
    /// The store's URL, up to the account.
    package let endpoint: StorageEndpoint
    /// The credentials for the store.
    package let credentials: StorageCredentials
    /// The container, and the prefix of the objects' names.
    package let basePath: ObjectBasePath
    /// The load balancers, 1 to 100.
    package let items: [Item]

    /// The maximum number of load balancers in one ARCHIVE.
    package static let maximumItems = 100

    /// Creates a request.
    ///
    /// - Throws: `InvalidValue` for no load balancer or more than 100, and for a repeated id: the archives would have
    ///   the same name.
    package init(
        store: String,
        endpoint: StorageEndpoint,
        credentials: StorageCredentials,
        basePath: ObjectBasePath,
        items: [Item]
    )
        throws(InvalidValue)
    {
        guard (1...Self.maximumItems).contains(items.count) else {
            throw InvalidValue("must have 1 to \(Self.maximumItems) load balancers, not \(items.count)")
        }
        var seen: [Identifier: Int] = [:]
        for (index, item) in items.enumerated() {
            if let first = seen.updateValue(index, forKey: item.id) {
                // A long id may be a token in the wrong field.
                let id = item.id.description
                let quoted = id.utf8.count > 16 ? "a long text" : Excerpt.quote(id)
                throw InvalidValue("is \(quoted), the same as [\(first)]", member: "[\(index)].id")
            }
        }
        self.store = store
        self.endpoint = endpoint
        self.credentials = credentials
        self.basePath = basePath
        self.items = items
    }
}
