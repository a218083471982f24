// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// One connection of a ``LoopbackServer``; used on one thread.
package final class LoopbackConnection {
    private var descriptor: Int32
    private var received: [UInt8] = []

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// Opens a connection to a port of 127.0.0.1.
    init(port: Int) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let descriptor = descriptor
        _ = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                connect(descriptor, pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    /// Reads a request's header without its final empty line; nil if the client has closed.
    package func readHead() -> String? {
        while true {
            if let end = received.firstRange(of: Array("\r\n\r\n".utf8)) {
                defer { received.removeFirst(end.upperBound) }
                return String(decoding: received[..<end.lowerBound], as: UTF8.self)
            }
            guard let bytes = read() else { return nil }
            received += bytes
        }
    }

    /// Reads chunked content to its end; nil if the client closes before that.
    package func readChunks() -> [UInt8]? {
        var content: [UInt8] = []
        while let line = readLine(), let size = Int(line, radix: 16) {
            guard size > 0 else { return readLine() == nil ? nil : content }
            while received.count < size + 2 {
                guard let bytes = read() else { return nil }
                received += bytes
            }
            content += received[..<size]
            received.removeFirst(size + 2)
        }
        return nil
    }

    /// Reads this many bytes; nil if the client closes before that.
    package func readBytes(_ count: Int) -> [UInt8]? {
        while received.count < count {
            guard let bytes = read() else { return nil }
            received += bytes
        }
        defer { received.removeFirst(count) }
        return Array(received.prefix(count))
    }

    /// Sends 100 Continue and reads chunked content.
    package func takeChunks() -> [UInt8]? {
        send("HTTP/1.1 100 Continue\r\n\r\n")
        return readChunks()
    }

    /// Sends an answer with content.
    package func answer(_ status: String, headers: [String] = [], _ content: String = "") {
        let head = ["HTTP/1.1 \(status)", "Content-Length: \(content.utf8.count)"] + headers
        send(head.joined(separator: "\r\n") + "\r\n\r\n" + content)
    }

    /// Sends text unchanged.
    @discardableResult
    package func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    /// Sends bytes unchanged.
    @discardableResult
    package func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest.removeFirst(count)
        }
        return true
    }

    /// Waits until the client has closed.
    package func stall() { while read() != nil {} }

    /// Shuts down the connection in both directions after some seconds, regardless of other calls.
    package func shutDown(after seconds: Double) {
        // A duplicate descriptor: the connection may be closed meanwhile.
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
        Thread.detachNewThread {
            Thread.sleep(forTimeInterval: seconds)
            shutdown(copy, Int32(SHUT_RDWR))
            Glibc.close(copy)
        }
    }

    /// Waits for some bytes and drops them.
    package func take() { _ = read() }

    /// Echoes all bytes until the client closes.
    package func echo() { while let bytes = read(), send(bytes) {} }

    /// Reads nothing for some seconds.
    package func freeze(seconds: Double) { Thread.sleep(forTimeInterval: seconds) }

    /// Reads nothing until the client closes or a minute has passed.
    package func waitForClose() {
        // POLLRDHUP, which needs _GNU_SOURCE: unread bytes do not count.
        var entry = pollfd(fd: descriptor, events: 0x2000, revents: 0)
        poll(&entry, 1, 60_000)
    }

    /// Closes with a reset, like a machine that has lost the connection.
    package func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    package func close() {
        guard descriptor >= 0 else { return }
        Glibc.close(descriptor)
        descriptor = -1
    }

    /// Relays both directions until one side closes or one of the closures returns nil.
    ///
    /// - Parameters:
    ///   - port: The port of the other side.
    ///   - toServer: Returns the bytes to relay for bytes from the client.
    ///   - toClient: Returns the bytes to relay for bytes from the server.
    package func relay(
        to port: Int,
        toServer: ([UInt8]) -> [UInt8]? = { $0 },
        toClient: ([UInt8]) -> [UInt8]? = { $0 }
    ) {
        let server = LoopbackConnection(port: port)
        defer { server.close() }
        while true {
            var entries = [self, server].map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
            guard poll(&entries, 2, 30_000) > 0 else { return }
            if entries[0].revents != 0 {
                guard let bytes = read().flatMap(toServer), server.send(bytes) else { return }
            }
            if entries[1].revents != 0 {
                guard let bytes = server.read().flatMap(toClient), send(bytes) else { return }
            }
        }
    }

    private func readLine() -> String? {
        while true {
            if let end = received.firstRange(of: Array("\r\n".utf8)) {
                defer { received.removeFirst(end.upperBound) }
                return String(decoding: received[..<end.lowerBound], as: UTF8.self)
            }
            guard let bytes = read() else { return nil }
            received += bytes
        }
    }

    private func read() -> [UInt8]? {
        guard descriptor >= 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        return count > 0 ? Array(bytes.prefix(count)) : nil
    }
}
