// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem

/// A haproxy.cfg, and what belongs to it.
struct RenderedConfiguration: Hashable, Sendable {
    /// What it serves.
    let set: LoadBalancerSet
    /// Whether it only would serve it, were it not suspended.
    let isSuspended: Bool
    /// What the front ends listen on.
    let listening: [ListeningAddress]
    /// The file's text.
    let text: String
    /// Names what is served.
    ///
    /// The running HAProxy has it in a variable, so that it can be asked what it serves; the file of a suspended device
    /// has the same as that of one which serves.
    let fingerprint: Fingerprint
    /// Names all that only a reload can change.
    let structure: Fingerprint
    /// The connections that HAProxy can have with it.
    let room: ConnectionRoom
    /// The nodes as HAProxy has them, in the file's order.
    let servers: [ProxyServer]
    /// The field of the message that a line of the file comes from, by the line's number from 1.
    let fields: [Int: LoadBalancerField]

    /// The file's bytes.
    var bytes: [UInt8] { Array(text.utf8) }

    /// A sentence for the operator if HAProxy cannot have as many connections as asked for; else nil.
    var connectionShortage: String? { room.shortage }

    /// Names the file.
    var checksum: Fingerprint { Fingerprint(text.utf8) }

    /// The same under another name, for a file that an earlier version of this program has written.
    func named(_ fingerprint: Fingerprint) -> RenderedConfiguration { copy(text, fingerprint) }

    /// The same with another spelling of the workers' socket.
    ///
    /// A new worker inherits a listener where the spelling is the same, and binds the file again where it is not.
    ///
    /// - Parameter count: How many times `./` stands in the path, from 1.
    func respellingSocket(by count: Int) -> RenderedConfiguration {
        let path = "/" + String(repeating: "./", count: count) + "admin.sock "
        return copy(text.replacing("/admin.sock ", with: path), fingerprint)
    }

    private func copy(_ text: String, _ fingerprint: Fingerprint) -> RenderedConfiguration {
        RenderedConfiguration(
            set: set,
            isSuspended: isSuspended,
            listening: listening,
            text: text,
            fingerprint: fingerprint,
            structure: structure,
            room: room,
            servers: servers,
            fields: fields
        )
    }
}
