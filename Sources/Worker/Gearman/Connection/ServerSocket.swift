// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SystemPackage

/// A non-blocking connection to a job server, with optional TLS; closed on release.
///
/// Use it on one thread.
final class ServerSocket {
    /// The result of a read.
    enum Reading {
        case bytes(Int)
        /// No data is available.
        case nothing
        /// The server closed the connection.
        case end
    }

    private enum Phase {
        case connecting
        case handshake(TLSSession)
        case open(TLSSession?)
    }

    let descriptor: Int32
    private let host: String
    private let tls: TLSContext?
    private var phase = Phase.connecting
    /// Whether another read may return data immediately.
    private(set) var mayHaveMore = true
    /// The events that TLS waits for; nil if it only waits for the caller's.
    private var awaitedByTLS: Int16?

    /// Starts to connect.
    ///
    /// - Parameters:
    ///   - address: One address of the server.
    ///   - host: The server's host; its certificate must be valid for it.
    ///   - tls: The settings of TLS; nil for none.
    /// - Throws: `ConnectionError`.
    init(_ address: ResolvedAddress, host: String, tls: TLSContext?) throws(ConnectionError) {
        self.host = host
        self.tls = tls
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        descriptor = socket(address.family, type, 0)
        guard descriptor >= 0 else { throw .system("make a socket", Errno(rawValue: errno)) }
        set(Int32(IPPROTO_TCP), TCP_NODELAY)
        set(SOL_SOCKET, SO_KEEPALIVE)
        guard address.connect(descriptor) == 0 || errno == EINPROGRESS else {
            throw .system("connect", Errno(rawValue: errno))
        }
    }

    deinit {
        // The session must end before its descriptor is closed.
        phase = .connecting
        if descriptor >= 0 { close(descriptor) }
    }

    /// The poll events to wait for: `POLLIN`, `POLLOUT`, or both.
    ///
    /// - Parameter hasOutput: Whether there is data to send.
    func awaited(hasOutput: Bool) -> Int16 {
        if let awaitedByTLS { return awaitedByTLS }
        switch phase {
        case .connecting: return Int16(POLLOUT)
        case .handshake: return Int16(POLLIN)
        case .open: return Int16(hasOutput ? POLLIN | POLLOUT : POLLIN)
        }
    }

    /// Continues to connect once the descriptor is ready.
    ///
    /// - Returns: Whether the connection is open.
    /// - Throws: `ConnectionError`.
    func advance() throws(ConnectionError) -> Bool {
        if case .connecting = phase {
            guard try isConnected() else { return false }
            guard let tls else {
                phase = .open(nil)
                return true
            }
            do throws(TLSError) {
                phase = .handshake(try TLSSession(tls, host: host, descriptor: descriptor))
            } catch { throw ConnectionError("\(error)") }
        }
        guard case .handshake(let session) = phase else { return true }
        do throws(TLSError) {
            switch try session.handshake() {
            case .done:
                awaitedByTLS = nil
                phase = .open(session)
                return true
            case .wantsRead: awaitedByTLS = Int16(POLLIN)
            case .wantsWrite: awaitedByTLS = Int16(POLLOUT)
            case .closed: throw TLSError(.failed, "the server closed the connection during the TLS handshake")
            }
        } catch { throw ConnectionError("\(error)") }
        return false
    }

    /// Reads available data, up to the size of the block.
    ///
    /// - Throws: `ConnectionError`.
    func read(into block: inout [UInt8]) throws(ConnectionError) -> Reading {
        if case .open(let session?) = phase { return try read(session, &block) }
        while true {
            let count = unsafe recv(descriptor, &block, block.count, 0)
            if count > 0 {
                mayHaveMore = count == block.count
                return .bytes(count)
            }
            if count == 0 { return .end }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .nothing
            case ECONNRESET: return .end
            default: throw .system("read", Errno(rawValue: errno))
            }
        }
    }

    /// Sends as much as the socket accepts.
    ///
    /// - Returns: Whether any bytes were sent.
    /// - Throws: `ConnectionError`.
    func send(_ output: inout PacketBuffer) throws(ConnectionError) -> Bool {
        if case .open(let session?) = phase { return try send(session, &output) }
        let before = output.count
        while output.count > 0 {
            let count = output.send { bytes in
                unsafe bytes.withUnsafeBytes { buffer in
                    unsafe Glibc.send(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL))
                }
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

    private func isConnected() throws(ConnectionError) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard unsafe poll(&entry, 1, 0) == 1 else { return false }
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0, code == 0 else {
            throw .system("connect", Errno(rawValue: code))
        }
        return true
    }

    private func set(_ level: Int32, _ option: Int32) {
        var one: Int32 = 1
        unsafe setsockopt(descriptor, level, option, &one, socklen_t(MemoryLayout<Int32>.size))
    }
}

// MARK: - TLS

extension ServerSocket {
    private func read(_ session: TLSSession, _ block: inout [UInt8]) throws(ConnectionError) -> Reading {
        awaitedByTLS = nil
        do throws(TLSError) {
            var span = block.mutableSpan
            var bytes = unsafe span.mutableBytes
            switch try session.read(into: &bytes) {
            case .done(let count): return .bytes(count)
            case .wantsRead: return .nothing
            case .wantsWrite:
                awaitedByTLS = Int16(POLLOUT)
                return .nothing
            case .closed: return .end
            }
        } catch { throw ConnectionError("\(error)") }
    }

    private func send(_ session: TLSSession, _ output: inout PacketBuffer) throws(ConnectionError) -> Bool {
        let before = output.count
        while output.count > 0 {
            var result: Result<TLSProgress, TLSError> = .success(.closed)
            _ = output.send { bytes in
                do throws(TLSError) { result = .success(try session.write(bytes)) } catch { result = .failure(error) }
                guard case .success(.done(let count)) = result else { return 0 }
                return count
            }
            do throws(TLSError) {
                switch try result.get() {
                case .done: continue
                // The next read continues it: the caller always waits for readability.
                case .wantsRead: return output.count < before
                case .wantsWrite: return output.count < before
                case .closed: throw TLSError(.failed, "the server closed the connection")
                }
            } catch { throw ConnectionError("\(error)") }
        }
        return output.count < before
    }
}
