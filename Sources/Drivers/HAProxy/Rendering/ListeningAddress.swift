// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// An address and port that a front end listens on.
enum ListeningAddress: Hashable, Sendable {
    /// All IPv4 addresses of the device.
    case allIPv4(Port)
    /// All IPv6 addresses of the device.
    case allIPv6(Port)
    /// One address.
    case one(IPAddress, Port)

    /// The addresses that a load balancer listens on.
    static func all(of loadBalancer: LoadBalancer, _ facts: DeviceFacts) -> [ListeningAddress] {
        let port = loadBalancer.port
        if let address = loadBalancer.address {
            return address.description == "::" ? [.allIPv6(port)] : [.one(address, port)]
        }
        return facts.hasIPv6 ? [.allIPv4(port), .allIPv6(port)] : [.allIPv4(port)]
    }

    /// The port.
    var port: Port {
        switch self {
        case .allIPv4(let port), .allIPv6(let port), .one(_, let port): port
        }
    }

    /// Whether the two addresses exclude each other.
    func overlaps(_ other: ListeningAddress) -> Bool {
        guard port == other.port else { return false }
        return self == other || isWildcard || other.isWildcard
    }

    private var isWildcard: Bool {
        if case .one(let address, _) = self { address.isUnspecified } else { true }
    }

    /// The address for system calls.
    var socketAddress: SocketAddress? {
        switch self {
        case .allIPv4(let port): IPAddress("0.0.0.0").flatMap { SocketAddress($0, port: port) }
        case .allIPv6(let port): IPAddress("::").flatMap { SocketAddress($0, port: port) }
        case .one(let address, let port): SocketAddress(address, port: port)
        }
    }
}
