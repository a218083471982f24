// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// A datagram socket connected to a path, or to an abstract name that starts with `@`.
final class NotificationSocket: Sendable {
    private let path: String
    private let descriptor: Int32
    /// The longest wait for a busy service manager, in milliseconds.
    private static let timeout: Int32 = 100

    /// - Returns: nil if the path is not valid for a socket, or no descriptor is available.
    init?(_ path: String) {
        guard path.hasPrefix("/") || path.hasPrefix("@"),
            path.utf8.count < MemoryLayout.size(ofValue: sockaddr_un().sun_path)
        else { return nil }
        self.path = path
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | O_CLOEXEC | O_NONBLOCK, 0)
        guard descriptor >= 0 else { return nil }
        // A service manager that is not listening yet may be by the first datagram.
        connect()
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Sends a datagram, with a descriptor unless that is negative; drops it if it cannot be sent.
    func send(_ text: String, with other: Int32) {
        let bytes = Array(text.utf8)
        for attempt in 0..<2 {
            if unsafe steelyard_send_with_descriptor(descriptor, bytes, bytes.count, other) >= 0 { return }
            guard attempt == 0 else { return }
            switch errno {
            case EAGAIN, ENOBUFS:
                var waited = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = unsafe poll(&waited, 1, Self.timeout)
            // The service manager has recreated its socket.
            case ECONNREFUSED, ECONNRESET, ENOTCONN: connect()
            default: return
            }
        }
    }

    private func connect() {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let name = Array(path.utf8)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { buffer in
            unsafe buffer.copyBytes(from: name)
            if path.hasPrefix("@") { unsafe buffer[0] = 0 }
        }
        // An abstract name ends with the address, a path with a NUL.
        let size = MemoryLayout<sockaddr_un>.offset(of: \.sun_path).map {
            $0 + name.count + (path.hasPrefix("/") ? 1 : 0)
        }
        unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                _ = unsafe Glibc.connect(descriptor, pointer, socklen_t(size ?? 0))
            }
        }
    }
}
