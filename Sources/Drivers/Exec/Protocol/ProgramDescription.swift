// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The result of `initialize`.
struct ProgramDescription: Hashable, Sendable {
    /// The agent's version of the protocol.
    static let protocolVersion = 1

    /// The driver's name and version, for the log.
    let name: String
    let version: String
    /// The supported capabilities.
    let capabilities: Set<Capability>
    /// Capabilities that are unknown to this agent, at most ten.
    let unknownCapabilities: [String]

    /// Parses the result of `initialize`.
    ///
    /// - Throws: `ProtocolFault` if a member is missing or invalid, or if the protocol versions differ.
    init(_ result: JSONValue) throws(ProtocolFault) {
        guard let spoken = result.member("protocol_version")?.wholeNumber else {
            throw ProtocolFault("answered 'initialize' without protocol_version, a whole number")
        }
        guard spoken == Self.protocolVersion else {
            throw ProtocolFault(
                "uses version \(spoken) of the exec protocol, but this agent uses version \(Self.protocolVersion); "
                    + "install matching versions"
            )
        }
        guard let name = result.member("name")?.string, !name.isEmpty, let version = result.member("version")?.string
        else { throw ProtocolFault("answered 'initialize' without name and version, two strings") }
        guard let names = result.member("capabilities")?.list else {
            throw ProtocolFault("answered 'initialize' without capabilities, a list of strings")
        }
        self.name = PrintableText.line(name, atMost: 64)
        self.version = PrintableText.line(version, atMost: 64)
        // Later protocol versions may add capabilities.
        unknownCapabilities = names.compactMap(\.string).filter { Capability(rawValue: $0) == nil }.prefix(10)
            .map { PrintableText.line($0, atMost: 64) }
        capabilities = Set(names.compactMap { $0.string.flatMap(Capability.init) })
    }
}
