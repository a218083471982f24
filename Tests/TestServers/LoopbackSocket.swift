// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A TCP socket of 127.0.0.1 with blocking calls; closed when it is released.
package final class LoopbackSocket: Sendable {
    package let descriptor: Int32

    init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Listens on a port; 0 for a free one.
    package static func listening(on port: Int = 0) throws -> LoopbackSocket {
        let socket = try make()
        var one: Int32 = 1
        setsockopt(socket.descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        guard withAddress(port, { bind(socket.descriptor, $0, $1) }) == 0, listen(socket.descriptor, 128) == 0 else {
            throw ServerFailure("cannot listen on \(port): errno \(errno)")
        }
        return socket
    }

    /// Connects to a port; each later read waits at most 30 s.
    package static func connected(to port: Int) throws -> LoopbackSocket {
        let socket = try make()
        var limit = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(socket.descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        guard withAddress(port, { connect(socket.descriptor, $0, $1) }) == 0 else {
            throw ServerFailure("cannot connect to \(port): errno \(errno)")
        }
        return socket
    }

    /// Whether a program accepts connections on a port.
    package static func accepts(_ port: Int) async throws -> Bool {
        try await blocking { (try? connected(to: port)) != nil }
    }

    /// The socket's own port.
    package var port: Int {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// The next connection; nil once the socket has been shut down.
    func accepted() -> LoopbackSocket? {
        let connection = accept(descriptor, nil, nil)
        guard connection >= 0 else { return nil }
        // Otherwise a program that a test starts would keep the connection open.
        _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
        return LoopbackSocket(descriptor: connection)
    }

    /// Ends all reading and writing, including pending calls.
    package func shutDown() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// Sends all bytes; stops if the other side has closed.
    @discardableResult
    package func write(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// Reads the available bytes; empty if the other side has closed, nil after a reset or a timeout.
    package func read() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count >= 0 ? Array(buffer[..<count]) : nil
    }

    /// Makes the socket non-blocking.
    func makeNonBlocking() {
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    }

    /// Makes the connection end with a reset when the socket is released.
    func resetAtClose() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    /// Reads and drops the available bytes of a non-blocking socket.
    static func drain(_ descriptor: Int32) -> Int {
        var buffer = [UInt8](repeating: 0, count: 256)
        return recv(descriptor, &buffer, buffer.count, 0)
    }

    private static func make() throws -> LoopbackSocket {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
        guard descriptor >= 0 else { throw ServerFailure("socket failed: errno \(errno)") }
        return LoopbackSocket(descriptor: descriptor)
    }

    private static func withAddress(_ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
