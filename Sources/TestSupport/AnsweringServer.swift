// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// A server on a port of 127.0.0.1 that answers any input with an empty HTTP response.
final class AnsweringServer: Sendable {
    let port: Int
    private let socket: ListeningSocket
    private let isStopped = Atomic(false)

    init() throws(ContractViolation) {
        let socket = try ListeningSocket(port: 0)
        self.socket = socket
        port = socket.port
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread,
            nil,
            { context in
                guard let context else { return nil }
                Unmanaged<AnsweringServer>.fromOpaque(context).takeRetainedValue().serve()
                return nil
            },
            context.toOpaque()
        )
        guard code == 0 else {
            context.release()
            throw ContractViolation("cannot start a server thread: \(String(cString: strerror(code)))")
        }
        pthread_detach(thread)
    }

    /// Stops the server's thread, which closes the socket.
    func stop() {
        isStopped.store(true, ordering: .relaxed)
        shutdown(socket.descriptor, Int32(SHUT_RDWR))
    }

    private func serve() {
        defer { socket.close() }
        while !isStopped.load(ordering: .relaxed) {
            let connection = accept(socket.descriptor, nil, nil)
            guard connection >= 0 else {
                if errno == EINTR || errno == ECONNABORTED { continue }
                return
            }
            Self.answer(connection)
            close(connection)
        }
    }

    private static func answer(_ connection: Int32) {
        // A health check may connect without sending anything.
        var limit = timeval(tv_sec: 0, tv_usec: 200_000)
        setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var buffer = [UInt8](repeating: 0, count: 4096)
        guard recv(connection, &buffer, buffer.count, 0) > 0 else { return }
        let response = Array("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".utf8)
        _ = send(connection, response, response.count, Int32(MSG_NOSIGNAL))
    }
}

/// A socket bound to a port of 127.0.0.1.
struct ListeningSocket: Sendable {
    let descriptor: Int32
    let port: Int

    /// - Parameters:
    ///   - port: The port; 0 for any free port.
    ///   - isListening: Whether it accepts connections. Otherwise, another program can listen on the port.
    init(port: Int, isListening: Bool = true) throws(ContractViolation) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Self.failure("socket") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(clamping: port).bigEndian)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        var reuse: Int32 = isListening ? 0 : 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
        let isReady = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0 && (!isListening || listen(descriptor, 128) == 0)
                    && getsockname(descriptor, address, &length) == 0
            }
        }
        guard isReady else {
            let failure = Self.failure("listen on port \(port)")
            Glibc.close(descriptor)
            throw failure
        }
        self.descriptor = descriptor
        self.port = Int(UInt16(bigEndian: address.sin_port))
    }

    func close() { Glibc.close(descriptor) }

    private static func failure(_ call: String) -> ContractViolation {
        ContractViolation("cannot \(call): \(String(cString: strerror(errno)))")
    }
}
