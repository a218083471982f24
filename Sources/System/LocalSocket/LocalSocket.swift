// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
package import SystemPackage

/// A connection to another process of this device: for a thread that may wait.
package final class LocalSocket: Sendable {
    /// The process at the other end.
    package struct Peer: Hashable, Sendable {
        /// Its user's number.
        package let user: UInt32
        /// Its number.
        package let processID: Int32

        /// The name of its user; the number if the user has none.
        package var userName: String { UserName.of(user) }
        /// Whether it belongs to root or to this process's user.
        package var isTrusted: Bool { user == 0 || user == geteuid() }
    }

    /// What was read of a request or of an answer.
    package enum Reading: Hashable, Sendable {
        /// All that the other side has sent.
        case whole([UInt8])
        /// The other side has sent more bytes than the limit.
        case tooLarge
        /// The other side has not ended its output in time.
        case timedOut
    }

    /// How long a connection may take to be accepted.
    private static let connectSeconds = 5

    private let descriptor: Int32

    init(accepted descriptor: Int32) { self.descriptor = descriptor }

    /// Connects to a socket in the file system.
    ///
    /// - Throws: `Errno`: `noSuchFileOrDirectory` or `connectionRefused` if no process listens there.
    package init(_ path: FilePath) throws(Errno) {
        let address = try LocalSocketAddress(path)
        descriptor = try Self.make()
        var limit = timeval(tv_sec: Self.connectSeconds, tv_usec: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        while address.connect(descriptor) != 0 {
            if errno != EINTR { throw Errno(rawValue: errno) }
        }
    }

    deinit { close(descriptor) }

    static func make() throws(Errno) -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Errno(rawValue: errno) }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        return descriptor
    }

    /// The process at the other end; nil if the system does not name it.
    package var peer: Peer? {
        var (user, process): (uid_t, pid_t) = (0, 0)
        guard unsafe steelyard_peer(descriptor, &user, &process) == 0 else { return nil }
        return Peer(user: user, processID: process)
    }

    /// Reads until the other side ends its output.
    ///
    /// - Throws: `Errno` if the connection is broken.
    package func readToEnd(atMost limit: Int, by deadline: Deadline) throws(Errno) -> Reading {
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = unsafe recv(descriptor, &block, block.count, Int32(MSG_DONTWAIT))
            if count == 0 { return .whole(bytes) }
            if count > 0 {
                guard bytes.count + count <= limit else { return .tooLarge }
                bytes += block[..<count]
            } else if try !wait(POLLIN, deadline) {
                return .timedOut
            }
            if deadline.hasPassed { return .timedOut }
        }
    }

    /// Writes all of the bytes.
    ///
    /// - Parameter limit: How long the other side may take no byte.
    /// - Returns: Whether the other side has taken them in time.
    /// - Throws: `Errno` if the connection is broken.
    package func write(_ bytes: [UInt8], within limit: Duration) throws(Errno) -> Bool {
        var written = 0
        while written < bytes.count {
            let flags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
            let count = unsafe bytes[written...].withUnsafeBytes { buffer in
                unsafe send(descriptor, buffer.baseAddress, buffer.count, flags)
            }
            if count > 0 { written += count } else if try !wait(POLLOUT, .after(limit)) { return false }
        }
        return true
    }

    /// Ends the output: the other side reads to its end.
    package func endOutput() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Ends the input: a thread that reads sees the end.
    package func endInput() { shutdown(descriptor, Int32(SHUT_RD)) }

    /// Waits after a call that has failed with `errno`.
    ///
    /// - Returns: false if the deadline has passed.
    private func wait(_ event: Int32, _ deadline: Deadline) throws(Errno) -> Bool {
        switch errno {
        case EINTR: return true
        case EAGAIN:
            var waited = pollfd(fd: descriptor, events: Int16(event), revents: 0)
            return unsafe poll(&waited, 1, deadline.milliseconds) != 0
        default: throw Errno(rawValue: errno)
        }
    }
}
