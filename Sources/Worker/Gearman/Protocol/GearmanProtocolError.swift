// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A server's violation of Gearman's protocol; the connection is then unusable.
struct GearmanProtocolError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The problem, without data from the server except numbers.
    let description: String

    /// The first bytes are not a Gearman packet: a wrong port, or a proxy's error page.
    static let notGearman = GearmanProtocolError(
        description: "the server does not speak Gearman: check the host and the port"
    )

    /// The server refused to register the function.
    static let registrationRefused = GearmanProtocolError(description: "the server refused to register the function")

    /// The server answered a later request, but not the request for a job.
    static let requestIgnored = GearmanProtocolError(description: "the server did not answer a request for a job")

    /// A packet has another size or other arguments than its type allows.
    static func malformed(_ kind: GearmanPacketKind) -> GearmanProtocolError {
        GearmanProtocolError(description: "the server sent a malformed \(kind)")
    }

    /// A packet's type is not valid at this point of the protocol.
    static func unexpected(_ kind: GearmanPacketKind) -> GearmanProtocolError {
        GearmanProtocolError(description: "the server sent an unexpected \(kind)")
    }
}
