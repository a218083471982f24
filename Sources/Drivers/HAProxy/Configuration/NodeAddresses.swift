// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem
import Synchronization
import SystemPackage

/// Resolves the host names of nodes in the agent, so that HAProxy never waits for DNS when it starts.
///
/// It keeps the last addresses of each name, in memory and in a file, in case DNS does not answer.
final class NodeAddresses: Sendable {
    private struct State {
        var known: [String: [IPAddress]]?
        /// The names of the last two sets; one of them is the served set.
        var recent: [Set<String>] = []
    }

    private let file: FilePath
    private let resolver: NameResolver
    private let state = Mutex(State())

    /// The time limit of an UPDATE for resolving names.
    private static let timeout = Duration.seconds(1)
    private static let greatestFile = 16 << 20

    /// - Parameter file: The file with the addresses: one line for each name, the name first.
    init(_ file: FilePath, resolver: NameResolver = NameResolver()) {
        self.file = file
        self.resolver = resolver
    }

    /// The last known addresses of a name, the preferred one first.
    func known(_ name: String) -> [IPAddress] {
        Self.fixed(name) ?? state.withLock { load(&$0)[name] ?? [] }
    }

    /// Resolves the host names of the nodes, within one second; a name without an answer keeps its addresses.
    ///
    /// - Parameter isSaved: Whether to write the file.
    func refresh(for wanted: LoadBalancerSet, isSaved: Bool = true) async {
        let names = Set(wanted.loadBalancers.flatMap(\.allPools).flatMap(\.nodes).compactMap(\.address.name)).filter {
            Self.fixed($0) == nil
        }
        guard !names.isEmpty else { return }
        let found = await resolver.addresses(of: names, within: Self.timeout)
        let changed: [String: [IPAddress]]? = state.withLock { state in
            let before = load(&state)
            state.recent = Array(([names] + state.recent.filter { $0 != names }).prefix(2))
            var known = before.filter { name, _ in state.recent.contains { $0.contains(name) } || state.recent.count < 2
            }
            for (name, texts) in found { known[name] = texts.compactMap { IPAddress($0) } }
            state.known = known
            return known == before ? nil : known
        }
        if isSaved, let changed { save(changed) }
    }

    /// The addresses of a name that needs no DNS (RFC 6761); nil for any other name.
    static func fixed(_ name: String) -> [IPAddress]? {
        guard ["localhost", "localhost."].contains(name.lowercased()) else { return nil }
        return ["127.0.0.1", "::1"].compactMap { IPAddress($0) }
    }

    private func load(_ state: inout State) -> [String: [IPAddress]] {
        if let known = state.known { return known }
        var known: [String: [IPAddress]] = [:]
        let bytes = (try? AtomicFile.read(file, atMost: Self.greatestFile)) ?? []
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            guard let name = words.first, (try? HostAddress(name))?.name == name else { continue }
            known[name] = words.dropFirst().compactMap { IPAddress($0) }
        }
        state.known = known
        return known
    }

    /// Writes the file without a flush and ignores errors: names can be resolved again.
    private func save(_ known: [String: [IPAddress]]) {
        let lines = known.sorted { $0.key < $1.key }.map { name, addresses in
            ([name] + addresses.map(\.description)).joined(separator: " ") + "\n"
        }
        try? AtomicFile.makeFolder(file.removingLastComponent())
        try? PreparedFile(Array(lines.joined().utf8), for: file, isFlushed: false).commit(isFlushed: false)
    }
}

extension HostAddress {
    /// The host name; nil for an IP address.
    var name: String? {
        if case .name(let name) = self { name } else { nil }
    }
}
