// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem

/// haproxy.cfg while it is written: its lines, and the message field that each line comes from.
struct ConfigurationText {
    /// The effect of a line on a change of the configuration.
    enum Role {
        /// Its change requires a reload.
        case structure
        /// A server, most of whose parameters can change while HAProxy runs.
        case server
        /// HAProxy ignores it.
        case comment
        /// A line that differs between two files with the same configuration.
        case mark
    }

    private struct Line {
        let text: String
        let role: Role
        /// The text that fingerprints include.
        let identity: String
        /// The text while HAProxy checks the file; nil for the same.
        let candidate: String?

        init(_ text: String, _ role: Role, identity: String? = nil, candidate: String? = nil) {
            self.text = text
            self.role = role
            self.identity = identity ?? text
            self.candidate = candidate
        }
    }

    private var lines: [Line] = []
    private(set) var fields: [Int: LoadBalancerField] = [:]
    private(set) var servers: [ProxyServer] = []

    /// The file's text.
    var text: String { lines.reduce(into: "") { $0 += $1.text + "\n" } }

    /// The text while HAProxy checks the file; nil for the same.
    var candidateText: String? {
        guard lines.contains(where: { $0.candidate != nil }) else { return nil }
        return lines.reduce(into: "") { $0 += ($1.candidate ?? $1.text) + "\n" }
    }

    /// The fingerprint of all lines that only a reload can change.
    var structure: Fingerprint { fingerprint { $0 == .structure } }

    /// The fingerprint of the configuration.
    var fingerprint: Fingerprint { fingerprint { $0 != .mark } }

    /// Starts a section.
    mutating func section(_ words: HAProxyWord...) {
        if !lines.isEmpty { lines.append(Line("", .structure)) }
        append(words, indentation: "", .structure)
    }

    /// Adds a line to the section.
    ///
    /// - Parameter field: The field at fault if HAProxy rejects the line.
    mutating func line(_ words: HAProxyWord..., field: LoadBalancerField? = nil) {
        append(words, indentation: Self.indentation, .structure)
        note(field)
    }

    mutating func line(_ words: [HAProxyWord], field: LoadBalancerField? = nil) {
        append(words, indentation: Self.indentation, .structure)
        note(field)
    }

    /// Adds a line that differs between two files with the same configuration.
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

    /// Replaces the mark once the fingerprint is known.
    mutating func replaceMark(_ words: HAProxyWord...) {
        guard let index = lines.firstIndex(where: { $0.role == .mark }) else { return }
        lines[index] = Line(Self.joined(words, Self.indentation), .mark)
    }

    private static let indentation = "    "

    private mutating func append(_ words: [HAProxyWord], indentation: String, _ role: Role) {
        let candidate =
            words.contains(where: \.isCheckedFile)
            ? indentation + words.map(\.candidateText).joined(separator: " ") : nil
        lines.append(Line(Self.joined(words, indentation), role, candidate: candidate))
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
