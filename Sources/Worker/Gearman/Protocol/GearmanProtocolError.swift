// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Says how a server broke Gearman's protocol; the connection is of no more use then.
struct GearmanProtocolError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, without anything that the server has sent but numbers.
    let description: String

    /// The first bytes are not those of a Gearman packet: a wrong port, or a proxy's error page.
    static let notGearman = GearmanProtocolError(
        description: "it does not speak Gearman: check the host and the port"
    )

    /// The server did not take the function.
    static let registrationRefused = GearmanProtocolError(description: "it refused to register the function")

    /// The server answered what came after a request for a job, and not the request.
    static let requestIgnored = GearmanProtocolError(description: "it did not answer a request for a job")

    /// A packet has another size or other arguments than its type allows.
    static func malformed(_ kind: GearmanPacketKind) -> GearmanProtocolError {
        GearmanProtocolError(description: "it sent a malformed \(kind)")
    }

    /// A packet comes where Gearman's protocol allows none of its type.
    static func unexpected(_ kind: GearmanPacketKind) -> GearmanProtocolError {
        GearmanProtocolError(description: "it sent an unexpected \(kind)")
    }
}
