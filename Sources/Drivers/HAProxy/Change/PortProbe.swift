// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCore

/// Checks whether the device can listen on an address and port, without connecting to it.
enum PortProbe {
    /// The result of a probe.
    enum Finding: Hashable {
        case free
        case inUse
        /// Listening fails for another reason.
        case impossible(Int32)
    }

    /// Binds a socket and closes it at once.
    static func look(at address: ListeningAddress) -> Finding {
        guard let target = address.socketAddress else { return .impossible(EINVAL) }
        let descriptor = socket(target.family, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
        guard descriptor >= 0 else { return .impossible(errno) }
        defer { close(descriptor) }
        var one: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        // As HAProxy does: connections in TIME_WAIT do not prevent it.
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, size)
        if target.family == AF_INET6 { unsafe setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &one, size) }
        if target.bind(descriptor) == 0 { return .free }
        return errno == EADDRINUSE ? .inUse : .impossible(errno)
    }

    /// Checks that HAProxy can serve its statistics at the operator's address.
    ///
    /// - Parameter isHeld: Whether the running HAProxy already serves them there.
    /// - Throws: `DriverError`, also if a load balancer listens there.
    static func requireFree(
        _ statistics: StatisticsAddress,
        besides wanted: LoadBalancerSet,
        isHeld: Bool,
        _ facts: DeviceFacts
    ) throws(DriverError) {
        for (index, loadBalancer) in wanted.loadBalancers.enumerated()
        where ListeningAddress.all(of: loadBalancer, facts).contains(where: statistics.address.overlaps) {
            throw DriverError(
                .addressInUse,
                "is \(loadBalancer.port), which \(StatisticsAddress.option) uses on this device",
                field: LoadBalancerField(loadBalancer: index, name: "port")
            )
        }
        guard !isHeld else { return }
        let problem: String
        switch look(at: statistics.address) {
        case .free: return
        case .inUse: problem = "which another program on this device uses"
        case .impossible(EADDRNOTAVAIL): problem = "which is not an address of this device"
        case .impossible(let code):
            problem = "but listening fails: \(unsafe String(cString: strerror(code)))"
        }
        throw DriverError(.addressInUse, "\(StatisticsAddress.option) is \(statistics.word.text), \(problem)")
    }

    /// Checks that the addresses and ports that the running load balancers do not hold are free.
    ///
    /// - Throws: `DriverError` with the field at fault.
    static func requireFree(
        _ wanted: LoadBalancerSet,
        besides running: [LoadBalancer],
        _ facts: DeviceFacts
    ) throws(DriverError) {
        let held = running.flatMap { ListeningAddress.all(of: $0, facts) }
        for (index, loadBalancer) in wanted.loadBalancers.enumerated() {
            for address in ListeningAddress.all(of: loadBalancer, facts) where !held.contains(where: address.overlaps) {
                switch look(at: address) {
                case .free: continue
                case .inUse:
                    throw DriverError(
                        .addressInUse,
                        "is \(loadBalancer.port), which another program on this device uses",
                        field: LoadBalancerField(loadBalancer: index, name: "port")
                    )
                // EINVAL for an IPv6 address without a zone, EAFNOSUPPORT without IPv6.
                case .impossible(let code)
                where loadBalancer.address != nil && [EADDRNOTAVAIL, EINVAL, EAFNOSUPPORT].contains(code):
                    throw DriverError(
                        .rejected,
                        "is \(loadBalancer.address?.description ?? "not there"), not an address of this device",
                        field: LoadBalancerField(loadBalancer: index, name: "address")
                    )
                case .impossible(EACCES):
                    throw DriverError(
                        .rejected,
                        "is \(loadBalancer.port); to listen below 1024, the agent needs CAP_NET_BIND_SERVICE",
                        field: LoadBalancerField(loadBalancer: index, name: "port")
                    )
                case .impossible(let code):
                    throw DriverError(
                        .rejected,
                        "is \(loadBalancer.port), but listening fails: \(unsafe String(cString: strerror(code)))",
                        field: LoadBalancerField(loadBalancer: index, name: "port")
                    )
                }
            }
        }
    }
}
