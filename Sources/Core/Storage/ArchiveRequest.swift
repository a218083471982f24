// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// What an ARCHIVE asks for.
package struct ArchiveRequest: Hashable, Sendable {
    /// One load balancer whose log is to be shipped.
    package struct Item: Hashable, Sendable {
        /// Names the object.
        package let id: Identifier
        /// Says which of the device's two logs is meant.
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
    /// Gives access to it.
    package let credentials: StorageCredentials
    /// The container, and what the objects' names begin with.
    package let basePath: ObjectBasePath
    /// The load balancers; at least one.
    package let items: [Item]

    /// The greatest number of load balancers in one ARCHIVE.
    package static let maximumItems = 100

    /// Creates a request.
    ///
    /// - Throws: `InvalidValue` for no load balancer or more than 100, and for two of one id, whose archives would
    ///   have one name.
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
                // A long one may be a token that was put into the wrong field.
                let id = item.id.description
                let quoted = id.utf8.count > 16 ? "a text" : Excerpt.quote(id)
                throw InvalidValue("is \(quoted), which [\(first)] has already", member: "[\(index)].id")
            }
        }
        self.store = store
        self.endpoint = endpoint
        self.credentials = credentials
        self.basePath = basePath
        self.items = items
    }
}
