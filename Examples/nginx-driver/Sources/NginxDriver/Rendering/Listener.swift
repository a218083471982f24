// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCore

/// An address and port that nginx listens on.
struct Listener: Hashable, Sendable {
    let address: IPAddress
    let port: Port
    /// The load balancer's index in the list.
    let place: Int

    /// The listeners of all load balancers.
    static func all(of set: LoadBalancerSet?) -> [Listener] {
        (set?.loadBalancers ?? []).enumerated().flatMap { all(of: $1, at: $0) }
    }

    /// The listeners of a load balancer; without an address, on all addresses of the device.
    static func all(of loadBalancer: LoadBalancer, at place: Int) -> [Listener] {
        let all = (hasIPv6 ? ["0.0.0.0", "::"] : ["0.0.0.0"]).compactMap { IPAddress($0) }
        return (loadBalancer.address.map { [$0] } ?? all).map {
            Listener(address: $0, port: loadBalancer.port, place: place)
        }
    }

    private static let hasIPv6: Bool = {
        let descriptor = socket(AF_INET6, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
        if descriptor >= 0 { close(descriptor) }
        return descriptor >= 0
    }()

    private var isForAll: Bool { ["0.0.0.0", "::"].contains(address.description) }

    private var isIPv6: Bool { if case .v6 = address { true } else { false } }

    /// The address and port in nginx's syntax.
    var description: String { isIPv6 ? "[\(address)]:\(port)" : "\(address):\(port)" }

    /// Whether both are the same for the kernel.
    func isSame(as other: Listener) -> Bool { address == other.address && port == other.port }

    /// Whether they differ but cannot both be open.
    func excludes(_ other: Listener) -> Bool {
        port == other.port && isIPv6 == other.isIPv6 && address != other.address
            && (isForAll || other.isForAll)
    }

    /// Checks that it is possible to listen on the address and port.
    ///
    /// - Throws: `DriverError` with the field at fault.
    func requireFree() throws(DriverError) {
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(address.description, port.description, &hints, &found) == 0, let info = found?.pointee else {
            throw DriverError(.rejected, "is not an address of this device", field: field("address"))
        }
        defer { freeaddrinfo(found) }
        let descriptor = socket(info.ai_family, info.ai_socktype | O_CLOEXEC, 0)
        guard descriptor >= 0 else {
            throw DriverError(.rejected, "cannot be used: \(SystemError.text(errno))", field: field("address"))
        }
        defer { close(descriptor) }
        var one: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        // The same options as nginx.
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, size)
        if isIPv6 { setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &one, size) }
        guard bind(descriptor, info.ai_addr, info.ai_addrlen) != 0 else { return }
        switch errno {
        case EADDRINUSE:
            throw DriverError(
                .addressInUse,
                "is \(port), which another program on this device listens on",
                field: field("port")
            )
        case EACCES:
            throw DriverError(
                .rejected,
                "is \(port), a port below 1024; the agent needs CAP_NET_BIND_SERVICE",
                field: field("port")
            )
        case let code:
            throw DriverError(
                .rejected,
                "is \(address); listening on it failed: \(SystemError.text(code))",
                field: field("address")
            )
        }
    }

    private func field(_ name: String) -> LoadBalancerField { LoadBalancerField(loadBalancer: place, name: name) }
}
