// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SystemPackage

/// An address of a host with a port, for `connect`.
struct ResolvedAddress: Sendable {
    let family: Int32
    private let bytes: [UInt8]

    /// Connects a socket.
    ///
    /// - Returns: 0, or -1 with `errno` set.
    func connect(_ descriptor: Int32) -> Int32 {
        unsafe bytes.withUnsafeBytes { buffer in
            guard let start = buffer.baseAddress else { return -1 }
            return unsafe Glibc.connect(
                descriptor,
                start.assumingMemoryBound(to: sockaddr.self),
                socklen_t(buffer.count)
            )
        }
    }

    /// Resolves all addresses of a host; may block if the host is a name.
    ///
    /// - Throws: `ConnectionError`.
    static func lookUp(_ server: GearmanServer) throws(ConnectionError) -> [ResolvedAddress] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        unsafe hints.ai_family = AF_UNSPEC
        var list: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(server.host, String(server.port), &hints, &list)
        guard code == 0 else { throw .lookup(server.host, code: code, error: Errno(rawValue: errno)) }
        defer { unsafe freeaddrinfo(list) }
        var addresses: [ResolvedAddress] = []
        var next = unsafe list
        while let entry = unsafe next {
            let address = unsafe UnsafeRawBufferPointer(
                start: entry.pointee.ai_addr,
                count: Int(entry.pointee.ai_addrlen)
            )
            addresses.append(ResolvedAddress(family: unsafe entry.pointee.ai_family, bytes: unsafe Array(address)))
            unsafe next = unsafe entry.pointee.ai_next
        }
        return addresses
    }
}
