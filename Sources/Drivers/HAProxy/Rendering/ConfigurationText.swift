// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem

/// haproxy.cfg while it is being written: its lines, and which field of the message each comes from.
struct ConfigurationText {
    /// What a line is to a change of the configuration.
    enum Role {
        /// A change of it takes a reload.
        case structure
        /// A server, most of which can be changed while HAProxy runs.
        case server
        /// Nothing that HAProxy acts on.
        case comment
        /// A line that differs between two files that serve the same.
        case mark
    }

    private struct Line {
        let text: String
        let role: Role
        /// The line's text for fingerprints.
        let identity: String

        init(_ text: String, _ role: Role, identity: String? = nil) {
            self.text = text
            self.role = role
            self.identity = identity ?? text
        }
    }

    private var lines: [Line] = []
    private(set) var fields: [Int: LoadBalancerField] = [:]
    private(set) var servers: [ProxyServer] = []

    /// The file's text.
    var text: String { lines.reduce(into: "") { $0 += $1.text + "\n" } }

    /// Names all that can only be changed by a reload.
    var structure: Fingerprint { fingerprint { $0 == .structure } }

    /// Names what is served.
    var fingerprint: Fingerprint { fingerprint { $0 != .mark } }

    /// Begins a section.
    mutating func section(_ words: HAProxyWord...) {
        if !lines.isEmpty { lines.append(Line("", .structure)) }
        append(words, indentation: "", .structure)
    }

    /// Adds a line to the section.
    ///
    /// - Parameter field: What is at fault where HAProxy refuses the line.
    mutating func line(_ words: HAProxyWord..., field: LoadBalancerField? = nil) {
        append(words, indentation: Self.indentation, .structure)
        note(field)
    }

    mutating func line(_ words: [HAProxyWord], field: LoadBalancerField? = nil) {
        append(words, indentation: Self.indentation, .structure)
        note(field)
    }

    /// Adds a line that differs between two files that serve the same.
    mutating func mark(_ words: HAProxyWord...) { append(words, indentation: Self.indentation, .mark) }

    /// Adds a server to the section.
    mutating func server(_ server: ProxyServer, field: LoadBalancerField) {
        servers.append(server)
        let identity = Self.joined(server.identity, Self.indentation)
        lines.append(Line(Self.joined(server.line, Self.indentation), .server, identity: identity))
        note(field)
    }

    /// Adds a comment line.
    mutating func comment(_ words: HAProxyWord...) {
        append(["#"] + words, indentation: lines.isEmpty ? "" : Self.indentation, .comment)
    }

    /// Replaces the mark, once what it is to name is known.
    mutating func replaceMark(_ words: HAProxyWord...) {
        guard let index = lines.firstIndex(where: { $0.role == .mark }) else { return }
        lines[index] = Line(Self.joined(words, Self.indentation), .mark)
    }

    private static let indentation = "    "

    private mutating func append(_ words: [HAProxyWord], indentation: String, _ role: Role) {
        lines.append(Line(Self.joined(words, indentation), role))
    }

    private static func joined(_ words: [HAProxyWord], _ indentation: String) -> String {
        indentation + words.map(\.text).joined(separator: " ")
    }

    private mutating func note(_ field: LoadBalancerField?) {
        // HAProxy counts lines from 1.
        if let field { fields[lines.count] = field }
    }

    private func fingerprint(of isMeant: (Role) -> Bool) -> Fingerprint {
        var fingerprint = Fingerprint()
        for line in lines where isMeant(line.role) {
            fingerprint.add(line.identity.utf8)
            fingerprint.add(CollectionOfOne(UInt8(ascii: "\n")))
        }
        return fingerprint
    }
}
