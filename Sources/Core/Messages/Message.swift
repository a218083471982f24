// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A message, decoded into types that cannot be wrong.
///
/// After this, no string from outside is looked at again.
public struct Message: Sendable {
    /// What it asks for.
    public let action: Action
    /// The spelling of the list of load balancers, `loadbalancers` or `loadBalancers`, for errors that name a field.
    public let listName: String

    /// Decodes a message.
    ///
    /// - Parameters:
    ///   - document: The payload.
    ///   - limits: How much of it is too much.
    /// - Throws: `MessageError` for whatever the contract forbids, with the field at fault.
    public init(_ document: JSONDocument, limits: MessageLimits = MessageLimits()) throws(MessageError) {
        let root = Field(root: document.root)
        let kind = try root.member(.action).requiredText { text throws(InvalidValue) in
            try ActionKind(named: text)
        }
        let list = kind == .update || kind == .archive ? try Self.loadBalancers(root) : nil
        listName = list?.path.description ?? "loadbalancers"
        action =
            switch (kind, list) {
            case (.update, let list?):
                .update(try LoadBalancerDecoder(limits: limits).decode(list).with(version: Self.version(root)))
            case (.archive, let list?): .archive(try ArchiveDecoder().decode(root, list))
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

    private static func version(_ root: Field) throws(MessageError) -> ConfigurationVersion? {
        let field = try root.member(.configVersion)
        guard let number = try field.integer() else { return nil }
        return try field.rethrow { () throws(InvalidValue) in try ConfigurationVersion(number) }
    }

    private static func loadBalancers(_ root: Field) throws(MessageError) -> Field {
        let documented = try root.member(.documentedLoadBalancers)
        let deployed = try root.member(.deployedLoadBalancers)
        if documented.isPresent, deployed.isPresent {
            throw documented.error("and loadBalancers are both there; send one of them")
        }
        return deployed.isPresent ? deployed : documented
    }
}
