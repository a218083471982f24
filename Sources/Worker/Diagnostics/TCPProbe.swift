// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Checks whether a port accepts TCP connections.
///
/// It blocks: call it on its own thread.
enum TCPProbe {
    /// Connects to each address of a host in turn until one succeeds.
    ///
    /// - Parameters:
    ///   - target: The host and the port.
    ///   - milliseconds: The timeout for each address. The name lookup may take longer.
    static func connects(to target: GearmanServer, milliseconds: Int32) -> Bool {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        unsafe hints.ai_family = AF_UNSPEC
        var list: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(target.host, String(target.port), &hints, &list) == 0 else { return false }
        defer { unsafe freeaddrinfo(list) }
        var next = unsafe list
        while let address = unsafe next {
            if unsafe connects(to: address.pointee, milliseconds) { return true }
            unsafe next = unsafe address.pointee.ai_next
        }
        return false
    }

    private static func connects(to address: addrinfo, _ milliseconds: Int32) -> Bool {
        let kind = unsafe address.ai_socktype | Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = unsafe socket(address.ai_family, kind, address.ai_protocol)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        if unsafe connect(descriptor, address.ai_addr, address.ai_addrlen) == 0 { return true }
        guard errno == EINPROGRESS else { return false }
        var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard unsafe poll(&wait, 1, milliseconds) == 1 else { return false }
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0 && code == 0
    }
}
