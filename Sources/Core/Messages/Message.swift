// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A message, decoded into types that cannot be wrong.
///
/// After this, no string from outside is looked at again.
package struct Message: Sendable {
    /// What it asks for.
    package let action: Action
    /// The spelling of the list of load balancers, `loadbalancers` or `loadBalancers`, for errors that name a field.
    package let listName: String

    /// Decodes a message.
    ///
    /// - Parameters:
    ///   - document: The payload.
    ///   - limits: How much of it is too much.
    ///   - stores: The types of stores that an ARCHIVE may name.
    /// - Throws: `MessageError` for whatever the contract forbids, with the field at fault.
    package init(
        _ document: JSONDocument,
        limits: MessageLimits = MessageLimits(),
        stores: [StoreFormat] = []
    ) throws(MessageError) {
        try self.init(document, limits: limits, stores: stores, wasAccepted: false)
    }

    /// Decodes a message, or what a driver has stored of one.
    ///
    /// - Parameter wasAccepted: Whether an UPDATE was accepted before. Rules that earlier versions did not have are then not
    ///   applied, so that a device goes on serving what it serves.
    package init(
        _ document: JSONDocument,
        limits: MessageLimits,
        stores: [StoreFormat] = [],
        wasAccepted: Bool
    ) throws(MessageError) {
        let reader = FieldReader(document)
        let root = try reader.members(of: .root)
        let kind = try reader.requiredText(root.field(.action)) { text throws(InvalidValue) in
            try ActionKind(named: text)
        }
        let list = kind == .update || kind == .archive ? try Self.loadBalancers(root) : nil
        listName = list?.path.description ?? "loadbalancers"
        action =
            switch (kind, list) {
            case (.update, let list?):
                .update(
                    try LoadBalancerDecoder(reader: reader, limits: limits, wasAccepted: wasAccepted).decode(list)
                        .with(version: Self.version(root, reader))
                )
            case (.archive, let list?): .archive(try ArchiveDecoder(reader: reader, stores: stores).decode(root, list))
            case (.suspend, _): .suspend
            case (.enable, _): .enable
            case (.delete, _): .delete
            case (.stats, _): .stats
            case (.metrics, _): .metrics
            case (.discover, _): .discover
            case (.diagnostics, _): .diagnostics
            case (.update, nil), (.archive, nil): throw MessageError(.root[.documentedLoadBalancers], "is missing")
            }
    }

    private static func version(
        _ root: Members,
        _ reader: FieldReader
    ) throws(MessageError) -> ConfigurationVersion? {
        let field = try root.field(.configVersion)
        guard let number = try reader.integer(field) else { return nil }
        return try field.rethrow { () throws(InvalidValue) in try ConfigurationVersion(number) }
    }

    private static func loadBalancers(_ root: Members) throws(MessageError) -> Field {
        let documented = try root.field(.documentedLoadBalancers)
        let deployed = try root.field(.deployedLoadBalancers)
        if documented.isPresent, deployed.isPresent {
            throw documented.error("and loadBalancers are both present; send only one")
        }
        return deployed.isPresent ? deployed : documented
    }
}
