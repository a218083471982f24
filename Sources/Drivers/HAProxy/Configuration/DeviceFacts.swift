// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardSystem
import SystemPackage

/// What the configuration has to know about the device that it is for.
struct DeviceFacts: Hashable, Sendable {
    /// Whether there is IPv6 to listen on.
    let hasIPv6: Bool
    /// Whether /etc/resolv.conf names a DNS server, without which HAProxy refuses to look names up while it runs.
    let hasNameServer: Bool
    /// The most descriptors that a process can have; nil where that is enough in any case.
    let descriptorLimit: Int?

    /// What this device is like now.
    ///
    /// - Parameter connections: The connections that there should be descriptors for.
    static func ofThisDevice(forConnections connections: Int) -> DeviceFacts {
        DeviceFacts(
            hasIPv6: canListenOnIPv6(),
            hasNameServer: namesServer(),
            descriptorLimit: reachableLimit(atLeast: Self.descriptors(forConnections: connections, nodes: 0))
        )
    }

    /// The descriptors that HAProxy takes: two for each connection, one for each node's check, and some of its own.
    static func descriptors(forConnections connections: Int, nodes: Int) -> Int {
        2 * connections + nodes + 256
    }

    /// As many of the connections as there can be descriptors for; HAProxy does not start where they do not suffice.
    func possibleConnections(of wanted: Int, nodes: Int) -> Int {
        guard let descriptorLimit else { return wanted }
        // By powers of two, so that a node more is seldom another configuration, which would take a reload.
        let room = max(64, nodes > 1 ? 1 << (Int.bitWidth - (nodes - 1).leadingZeroBitCount) : 1)
        let own = Self.descriptors(forConnections: 0, nodes: room)
        return max(1, min(wanted, (descriptorLimit - own) / 2))
    }

    private static func canListenOnIPv6() -> Bool {
        let descriptor = socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return SocketAddress(.v6(in6_addr()), port: 0).map { $0.bind(descriptor) == 0 } ?? false
    }

    private static func namesServer() -> Bool {
        let bytes = try? AtomicFile.read("/etc/resolv.conf", atMost: 1 << 20, isOwn: false)
        let lines = String(decoding: bytes ?? [], as: UTF8.self).split(whereSeparator: \.isNewline)
        return lines.contains { $0.split(whereSeparator: \.isWhitespace).first == "nameserver" }
    }

    /// The limit as far as it can be raised, which HAProxy will do for itself.
    ///
    /// Whether it can depends on capabilities, the kernel's settings and the container: it is tried, and taken back.
    private static func reachableLimit(atLeast wanted: Int) -> Int? {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
        guard limit.rlim_max < rlim_t(wanted) else { return nil }
        var raised = rlimit(rlim_cur: limit.rlim_cur, rlim_max: rlim_t(wanted))
        guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 else {
            return Int(clamping: limit.rlim_max)
        }
        unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return nil
    }
}
