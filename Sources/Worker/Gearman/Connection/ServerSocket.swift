// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SystemPackage

/// A non-blocking connection to a job server, closed when it is released; to be used on one thread.
final class ServerSocket {
    /// What a read has given.
    enum Reading {
        case bytes(Int)
        /// Nothing has arrived.
        case nothing
        /// The server has closed the connection.
        case end
    }

    /// How far the connection has come.
    enum Phase {
        case connecting
        case open
    }

    let descriptor: Int32
    private(set) var phase = Phase.connecting

    /// Begins to connect.
    ///
    /// - Throws: `ConnectionError`.
    init(_ address: ResolvedAddress) throws(ConnectionError) {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        descriptor = socket(address.family, type, 0)
        guard descriptor >= 0 else { throw .system("make a socket", Errno(rawValue: errno)) }
        set(Int32(IPPROTO_TCP), TCP_NODELAY)
        set(SOL_SOCKET, SO_KEEPALIVE)
        guard address.connect(descriptor) == 0 || errno == EINPROGRESS else {
            throw .system("connect", Errno(rawValue: errno))
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// What has to happen before it is worth calling ``advance()`` again: `POLLIN` or `POLLOUT`.
    var awaited: Int16 { Int16(POLLOUT) }

    /// Goes on with connecting once the descriptor is ready.
    ///
    /// - Returns: Whether it is open now.
    /// - Throws: `ConnectionError`.
    func advance() throws(ConnectionError) -> Bool {
        guard phase == .connecting else { return true }
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard unsafe poll(&entry, 1, 0) == 1 else { return false }
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0, code == 0 else {
            throw .system("connect", Errno(rawValue: code))
        }
        phase = .open
        return true
    }

    /// Reads what has arrived, at most as much as the block holds.
    ///
    /// - Throws: `ConnectionError`.
    func read(into block: inout [UInt8]) throws(ConnectionError) -> Reading {
        while true {
            let count = unsafe recv(descriptor, &block, block.count, 0)
            if count > 0 { return .bytes(count) }
            if count == 0 { return .end }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .nothing
            case ECONNRESET: return .end
            default: throw .system("read", Errno(rawValue: errno))
            }
        }
    }

    /// Sends as much as fits.
    ///
    /// - Returns: Whether any byte was taken.
    /// - Throws: `ConnectionError`.
    func send(_ output: inout PacketBuffer) throws(ConnectionError) -> Bool {
        let before = output.count
        while output.count > 0 {
            let count = unsafe output.send { buffer in
                unsafe Glibc.send(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL))
            }
            guard count < 0 else { continue }
            switch errno {
            case EINTR: continue
            case EAGAIN: return output.count < before
            default: throw .system("write", Errno(rawValue: errno))
            }
        }
        return output.count < before
    }

    private func set(_ level: Int32, _ option: Int32) {
        var one: Int32 = 1
        unsafe setsockopt(descriptor, level, option, &one, socklen_t(MemoryLayout<Int32>.size))
    }
}
