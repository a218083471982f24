// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem

/// A rendered haproxy.cfg with its metadata.
struct RenderedConfiguration: Hashable, Sendable {
    /// The load balancers.
    let set: LoadBalancerSet
    /// Whether they are suspended.
    let isSuspended: Bool
    /// The addresses that the front ends listen on.
    let listening: [ListeningAddress]
    /// The file's text.
    let text: String
    /// The text while HAProxy checks the file, in which the files that it names have other names; nil for the same.
    let candidateText: String?
    /// The fingerprint of the configuration.
    ///
    /// The running HAProxy stores it in a variable, where the agent reads it. It is the same for a suspended device.
    let fingerprint: Fingerprint
    /// The fingerprint of all that only a reload can change.
    let structure: Fingerprint
    /// The number of connections that HAProxy can have with it.
    let room: ConnectionRoom
    /// The nodes as HAProxy's servers, in the file's order.
    let servers: [ProxyServer]
    /// The certificates of the front ends.
    let certificates: [CertificateSlot]
    /// The lists of networks that HAProxy reads from files.
    let lists: [NetworkList]
    /// The error pages that HAProxy reads from files.
    let pages: [ErrorPageFile]
    /// The message field that a line of the file comes from, by line number from 1.
    let fields: [Int: LoadBalancerField]

    /// The file's bytes.
    var bytes: [UInt8] { Array(text.utf8) }

    /// The files that the text names.
    var sideFiles: [SideFile] { lists.map(\.sideFile) + pages.map(\.sideFile) }

    /// A sentence for the operator if HAProxy cannot have the requested number of connections; nil otherwise.
    var connectionShortage: String? { room.shortage }

    /// The fingerprint of the file.
    var checksum: Fingerprint { Fingerprint(text.utf8) }

    /// Returns a copy with another fingerprint, for a file that an earlier version rendered.
    func named(_ fingerprint: Fingerprint) -> RenderedConfiguration { copy(text, fingerprint) }

    /// Returns a copy with another spelling of the workers' socket.
    ///
    /// A new worker inherits a listener with the same spelling, and binds the file again with another one.
    ///
    /// - Parameter count: The number of `./` in the path, from 1.
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
            candidateText: candidateText,
            fingerprint: fingerprint,
            structure: structure,
            room: room,
            servers: servers,
            certificates: certificates,
            lists: lists,
            pages: pages,
            fields: fields
        )
    }
}
