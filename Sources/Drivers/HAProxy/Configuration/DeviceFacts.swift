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
    /// The threads that HAProxy has.
    var threads = 2

    /// What this device is like now.
    static func ofThisDevice(for configuration: HAProxyConfiguration) -> DeviceFacts {
        DeviceFacts(
            hasIPv6: canListenOnIPv6(),
            hasNameServer: namesServer(),
            // systemd starts HAProxy with limits that are not the agent's, and as root, which may raise them.
            descriptorLimit: configuration.service == .systemd ? greatestLimit() : reachableLimit(),
            threads: min(64, max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        )
    }

    /// Compares the connections that are asked for with those that there are descriptors for.
    ///
    /// - Parameter nodes: The nodes of all load balancers; each has a check.
    func room(for asked: Int, nodes: Int) -> ConnectionRoom {
        ConnectionRoom(asked: asked, nodes: nodes, threads: threads, descriptorLimit: descriptorLimit)
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

    /// The kernel's own limit for any process.
    private static func greatestLimit() -> Int? {
        let text = (try? AtomicFile.readStream("/proc/sys/fs/nr_open")).map { String(decoding: $0, as: UTF8.self) }
        return text.flatMap { Int($0.prefix { $0.isNumber }) }
    }

    /// The limit as far as it can be raised, which HAProxy will do for itself.
    ///
    /// Whether it can depends on capabilities and the container: it is tried, and taken back. The agent's own limit may have
    /// been raised to the hard one already, which is the same for HAProxy.
    private static func reachableLimit() -> Int? {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard unsafe getrlimit(resource, &limit) == 0 else { return nil }
        guard let greatest = greatestLimit(), rlim_t(greatest) > limit.rlim_max else {
            return Int(clamping: limit.rlim_max)
        }
        var raised = rlimit(rlim_cur: limit.rlim_cur, rlim_max: rlim_t(greatest))
        guard unsafe setrlimit(resource, &raised) == 0 else { return Int(clamping: limit.rlim_max) }
        unsafe setrlimit(resource, &limit)
        return greatest
    }
}
