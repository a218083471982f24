// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCore

/// An address and a port for system calls.
struct SocketAddress {
    enum Address {
        case v4(in_addr)
        case v6(in6_addr)
    }

    private let address: Address
    private let port: UInt16

    init?(_ address: Address, port: UInt16) {
        self.address = address
        self.port = port
    }

    init?(_ address: IPAddress, port: Port) {
        guard let address = Self.binary(address) else { return nil }
        self.address = address
        self.port = port.number
    }

    /// The binary form of an address.
    static func binary(_ address: IPAddress) -> Address? {
        switch address {
        case .v4(let text):
            var binary = in_addr()
            guard unsafe inet_pton(AF_INET, text, &binary) == 1 else { return nil }
            return .v4(binary)
        case .v6(let text):
            var binary = in6_addr()
            guard unsafe inet_pton(AF_INET6, text, &binary) == 1 else { return nil }
            return .v6(binary)
        }
    }

    var family: Int32 {
        switch address {
        case .v4: AF_INET
        case .v6: AF_INET6
        }
    }

    /// Binds a socket of this address's family.
    ///
    /// - Returns: The result of `bind`.
    func bind(_ descriptor: Int32) -> Int32 { unsafe withPointer { unsafe Glibc.bind(descriptor, $0, $1) } }

    /// Connects a socket of this address's family.
    ///
    /// - Returns: The result of `connect`.
    func connect(_ descriptor: Int32) -> Int32 { unsafe withPointer { unsafe Glibc.connect(descriptor, $0, $1) } }

    private func withPointer(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        switch address {
        case .v4(let binary):
            var socket = sockaddr_in()
            socket.sin_family = sa_family_t(AF_INET)
            socket.sin_port = port.bigEndian
            socket.sin_addr = binary
            return unsafe Self.withPointer(to: &socket, body)
        case .v6(let binary):
            var socket = sockaddr_in6()
            socket.sin6_family = sa_family_t(AF_INET6)
            socket.sin6_port = port.bigEndian
            socket.sin6_addr = binary
            return unsafe Self.withPointer(to: &socket, body)
        }
    }

    private static func withPointer<Structure>(
        to structure: inout Structure,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        unsafe withUnsafePointer(to: &structure) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe body(pointer, socklen_t(MemoryLayout<Structure>.size))
            }
        }
    }
}
