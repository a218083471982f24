// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SystemPackage

/// A non-blocking TCP socket that accepts connections; deinit closes it.
package final class ListeningSocket: Sendable {
    /// The descriptor, which is readable when a connection is pending.
    package let descriptor: Int32
    /// Linux' `IP_FREEBIND`.
    private static let freeBind: Int32 = 15

    /// Listens.
    ///
    /// The address need not be configured yet: at boot, the network may come up later.
    ///
    /// - Parameters:
    ///   - address: An IPv4 address, or an IPv6 address without brackets.
    ///   - port: The port; 0 for any that is free.
    /// - Throws: `Errno`: `addressInUse` if another program uses the port.
    package init(address: String, port: UInt16) throws(Errno) {
        let isIPv6 = address.contains(":")
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        descriptor = socket(isIPv6 ? AF_INET6 : AF_INET, type, 0)
        guard descriptor >= 0 else { throw Errno(rawValue: errno) }
        // Connections of a previous agent may be in TIME_WAIT.
        var one: Int32 = 1
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        // The option of IPPROTO_IP holds for IPv6, too.
        unsafe setsockopt(
            descriptor,
            Int32(IPPROTO_IP),
            Self.freeBind,
            &one,
            socklen_t(MemoryLayout<Int32>.size)
        )
        guard Self.bind(descriptor, address, port, isIPv6), listen(descriptor, 64) == 0 else {
            throw Errno(rawValue: errno)
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Accepts the next connection.
    ///
    /// - Returns: A non-blocking descriptor, which the caller closes; nil if no connection is pending.
    /// - Throws: `Errno` if the system provides no descriptor.
    package func accept() throws(Errno) -> Int32? {
        while true {
            let connection = Glibc.accept(descriptor, nil, nil)
            if connection >= 0 {
                // Not atomic with accept(), but child processes close all descriptors that they inherit.
                _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
                _ = fcntl(connection, F_SETFL, O_NONBLOCK)
                return connection
            }
            switch errno {
            // The client has already closed the connection.
            case EINTR, ECONNABORTED, EPROTO: continue
            case EAGAIN: return nil
            default: throw Errno(rawValue: errno)
            }
        }
    }

    private static func bind(_ descriptor: Int32, _ text: String, _ port: UInt16, _ isIPv6: Bool) -> Bool {
        if isIPv6 {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            guard unsafe inet_pton(AF_INET6, text, &address.sin6_addr) == 1 else { return refuse() }
            return unsafe withUnsafeBytes(of: &address) { unsafe bind(descriptor, $0) }
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        guard unsafe inet_pton(AF_INET, text, &address.sin_addr) == 1 else { return refuse() }
        return unsafe withUnsafeBytes(of: &address) { unsafe bind(descriptor, $0) }
    }

    private static func refuse() -> Bool {
        errno = EINVAL
        return false
    }

    private static func bind(_ descriptor: Int32, _ address: UnsafeRawBufferPointer) -> Bool {
        guard let start = address.baseAddress else { return refuse() }
        let socketAddress = unsafe start.assumingMemoryBound(to: sockaddr.self)
        return unsafe Glibc.bind(descriptor, socketAddress, socklen_t(address.count)) == 0
    }
}
