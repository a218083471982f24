// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardSystem
import SystemPackage

/// The properties of the device that the configuration depends on.
struct DeviceFacts: Hashable, Sendable {
    /// Whether HAProxy can listen on IPv6.
    let hasIPv6: Bool
    /// Whether /etc/resolv.conf names a DNS server; without one, HAProxy does not resolve names at run time.
    let hasNameServer: Bool
    /// The limit of HAProxy's file descriptors; nil for no limit.
    let descriptorLimit: Int?
    /// The number of threads of HAProxy's worker.
    var threads = 2

    /// Reads the properties of this device.
    static func ofThisDevice(for configuration: HAProxyConfiguration) -> DeviceFacts {
        DeviceFacts(
            hasIPv6: canListenOnIPv6(),
            hasNameServer: namesServer(),
            // systemd starts HAProxy with other limits than the agent's, and as root, which can raise them.
            descriptorLimit: configuration.settings.service == .systemd ? greatestLimit() : reachableLimit(),
            threads: min(64, max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        )
    }

    /// Compares the requested connections with the available descriptors.
    ///
    /// - Parameters:
    ///   - nodes: The number of nodes of all load balancers; each has a health check.
    ///   - loadBalancers: The number of load balancers.
    func room(for asked: Int, nodes: Int, loadBalancers: Int = 1) -> ConnectionRoom {
        ConnectionRoom(
            asked: asked,
            nodes: nodes,
            loadBalancers: loadBalancers,
            threads: threads,
            descriptorLimit: descriptorLimit
        )
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

    /// The kernel's limit for any process.
    private static func greatestLimit() -> Int? {
        let text = (try? AtomicFile.readStream("/proc/sys/fs/nr_open")).map { String(decoding: $0, as: UTF8.self) }
        return text.flatMap { Int($0.prefix { $0.isNumber }) }
    }

    /// The limit to which HAProxy can raise its own.
    ///
    /// It depends on capabilities and on the container, so the limit is raised and restored. The hard limit counts:
    /// HAProxy raises its soft limit to it.
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
