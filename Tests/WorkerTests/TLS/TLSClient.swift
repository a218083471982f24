// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestServers

@testable import SteelyardWorker

/// Drives a ``TLSSession`` on its own socket like an event loop: calls it, and waits for the event that the call needs.
final class TLSClient {
    let session: TLSSession
    /// The timeout of each wait for the server, in milliseconds.
    var silence: Int32 = 20_000
    private let socket: LoopbackSocket

    /// Connects with a non-blocking socket.
    init(_ context: TLSContext, host: String, port: Int) throws {
        socket = try LoopbackSocket.connected(to: port)
        let descriptor = socket.descriptor
        guard fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0 else { throw ServerFailure("fcntl failed: errno \(errno)") }
        session = try TLSSession(context, host: host, descriptor: descriptor)
    }

    /// Reduces the kernel's send buffer, so that writes are partial.
    func limitSendBuffer() {
        var size: Int32 = 16 << 10
        setsockopt(socket.descriptor, SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<Int32>.size))
    }

    func handshake() throws { _ = try complete { try session.handshake() } }

    /// Writes everything; returns false if the server closed.
    @discardableResult
    func write(_ bytes: [UInt8]) throws -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            guard let count = try complete({ try session.write(rest.span.bytes) }) else { return false }
            rest.removeFirst(count)
        }
        return true
    }

    /// Writes until the session asks to wait; returns the rest.
    func writeUntilWaiting(_ bytes: [UInt8]) throws -> ArraySlice<UInt8> {
        var rest = bytes[...]
        while !rest.isEmpty {
            guard case .done(let count) = try session.write(rest.span.bytes) else { break }
            rest.removeFirst(count)
        }
        return rest
    }

    /// Waits for some bytes; nil if the server closed.
    func read(atMost size: Int = 16 << 10) throws -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: size)
        let count = try complete {
            var span = buffer.mutableSpan
            var bytes = span.mutableBytes
            return try session.read(into: &bytes)
        }
        return count.map { Array(buffer.prefix($0)) }
    }

    /// Writes and reads at the same time until `count` bytes are echoed.
    ///
    /// - Parameter count: The number of bytes to wait for.
    func exchange(_ bytes: ArraySlice<UInt8>, count: Int, bufferSize: Int) throws -> [UInt8] {
        var rest = bytes
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: bufferSize)
        while received.count < count {
            var events = Int16(POLLIN)
            if !rest.isEmpty {
                let progress = try session.write(rest.span.bytes)
                if case .done(let count) = progress { rest.removeFirst(count) }
                if progress != .wantsRead { events |= Int16(POLLOUT) }
            }
            reading: while true {
                var span = buffer.mutableSpan
                var raw = span.mutableBytes
                switch try session.read(into: &raw) {
                case .done(let count): received += buffer.prefix(count)
                case .wantsRead: break reading
                case .wantsWrite: events |= Int16(POLLOUT)
                case .closed: return received
                }
            }
            if received.count < count { try wait(for: events) }
        }
        return received
    }

    private func complete(_ call: () throws -> TLSProgress) throws -> Int? {
        while true {
            switch try call() {
            case .done(let count): return count
            case .wantsRead: try wait(for: Int16(POLLIN))
            case .wantsWrite: try wait(for: Int16(POLLOUT))
            case .closed: return nil
            }
        }
    }

    private func wait(for events: Int16) throws {
        var entry = pollfd(fd: socket.descriptor, events: events, revents: 0)
        guard poll(&entry, 1, silence) == 1 else { throw ServerFailure("the server sends nothing") }
    }
}

/// Creates a client on a dedicated thread and passes it to a closure.
func withTLSClient<Success: Sendable>(
    _ settings: TLSSettings,
    host: String = "127.0.0.1",
    port: Int,
    _ body: @escaping @Sendable (TLSClient) throws -> Success
) async throws -> Success {
    try await blocking {
        // OpenSSL writes without MSG_NOSIGNAL. The programs ignore SIGPIPE; other tests need the default, so only this
        // thread blocks it.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        return try body(TLSClient(TLSContext(settings), host: host, port: port))
    }
}

/// The error of a handshake or of the read after it.
func failure(
    _ settings: TLSSettings,
    host: String = "127.0.0.1",
    port: Int,
    afterHandshake: @escaping @Sendable (TLSClient) throws -> Void = { _ = try $0.read() }
) async throws -> TLSError? {
    try await withTLSClient(settings, host: host, port: port) { client in
        do {
            try client.handshake()
            try afterHandshake(client)
            return nil
        } catch let error as TLSError {
            return error
        }
    }
}
