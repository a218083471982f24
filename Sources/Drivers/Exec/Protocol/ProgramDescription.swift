// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// What a driver program answers to `initialize`.
struct ProgramDescription: Hashable, Sendable {
    /// The version of the protocol that this agent speaks.
    static let protocolVersion = 1

    /// The driver's name and version, for the log.
    let name: String
    let version: String
    /// What it can do.
    let capabilities: Set<Capability>

    /// Reads the result of `initialize`.
    ///
    /// - Throws: `ProtocolFault` where a member is missing or wrong, or where the program speaks another version.
    init(_ result: JSONValue) throws(ProtocolFault) {
        guard let spoken = result.member("protocol_version")?.wholeNumber else {
            throw ProtocolFault("answered 'initialize' without protocol_version, a whole number")
        }
        guard spoken == Self.protocolVersion else {
            throw ProtocolFault(
                "speaks version \(spoken) of the exec protocol, and this agent speaks version \(Self.protocolVersion); "
                    + "install versions of both that match"
            )
        }
        guard let name = result.member("name")?.string, !name.isEmpty, let version = result.member("version")?.string
        else { throw ProtocolFault("answered 'initialize' without name and version, two strings") }
        guard let names = result.member("capabilities")?.list else {
            throw ProtocolFault("answered 'initialize' without capabilities, a list of strings")
        }
        self.name = PrintableText.line(name, atMost: 64)
        self.version = PrintableText.line(version, atMost: 64)
        // Later versions may have more of them.
        capabilities = Set(names.compactMap { $0.string.flatMap(Capability.init) })
    }
}
