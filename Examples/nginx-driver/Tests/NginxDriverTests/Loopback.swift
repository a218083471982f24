// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A TCP connection of 127.0.0.1.
final class Loopback: Sendable {
    private let descriptor: Int32

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// Connects to a port.
    ///
    /// - Returns: nil if the connection is refused.
    init?(port: Int) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        self.descriptor = descriptor
        let isConnected = Self.withAddress(port: port) { Glibc.connect(descriptor, $0, $1) == 0 }
        guard isConnected else { return nil }
    }

    /// Whether a port refuses connections.
    static func isRefused(port: Int) -> Bool {
        Loopback(port: port) == nil
    }

    deinit { close(descriptor) }

    /// Shuts down the connection; the descriptor remains open, so that its number is not reused.
    func shutDown() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    func write(_ text: String) { send(descriptor, text, text.utf8.count, Int32(MSG_NOSIGNAL)) }

    /// The next bytes; nil at the end, after an error, and after 20 s.
    func read() -> String? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
    }

    /// All bytes until the end.
    func readAll() -> String {
        var text = ""
        while let more = read() { text += more }
        return text
    }

    /// An address of 127.0.0.1 for system calls.
    static func withAddress<Success>(
        port: Int,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Success
    ) -> Success {
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
