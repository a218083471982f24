// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A decoded message, whose types exclude invalid values.
///
/// Afterwards, no untrusted string is parsed again.
package struct Message: Sendable {
    /// The requested action.
    package let action: Action
    /// The spelling of the list of load balancers, `loadbalancers` or `loadBalancers`, for errors.
    package let listName: String

    /// Decodes a message.
    ///
    /// - Parameters:
    ///   - document: The payload.
    ///   - limits: The maximum sizes.
    ///   - stores: The types of stores that an ARCHIVE may name.
    ///   - certificates: Reads the certificates of an UPDATE.
    /// - Throws: `MessageError` for an invalid message, with the field at fault.
    package init(
        _ document: JSONDocument,
        limits: MessageLimits = MessageLimits(),
        stores: [StoreFormat] = [],
        certificates: any CertificateReader = NoCertificateReader()
    ) throws(MessageError) {
        try self.init(document, limits: limits, stores: stores, certificates: certificates, wasAccepted: false)
    }

    /// Decodes a message, or a part of one that a driver has stored.
    ///
    /// - Parameter wasAccepted: Whether the UPDATE was accepted earlier. Newer rules are then not applied, so that the
    ///   device continues to serve.
    package init(
        _ document: JSONDocument,
        limits: MessageLimits,
        stores: [StoreFormat] = [],
        certificates: any CertificateReader = NoCertificateReader(),
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
                    try LoadBalancerDecoder(
                        reader: reader,
                        limits: limits,
                        certificates: certificates,
                        wasAccepted: wasAccepted
                    )
                    .decode(list).with(version: Self.version(root, reader))
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
