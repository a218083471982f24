// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SystemPackage

/// One of the sockets on which HAProxy takes commands: the workers' or the master's.
///
/// Every call blocks until its deadline at most, and so belongs on a thread of its own.
struct RuntimeSocket: Sendable {
    /// Says why there is no answer.
    enum Failure: Error, Hashable {
        /// Nobody listens; for a few dozen milliseconds also while the master executes itself anew.
        case absent
        /// Somebody listens and does not answer in time.
        case silent
        /// The system's reason.
        case system(Errno)
    }

    private let path: FilePath
    /// 10,000 servers make some 3 MB of counters.
    private static let answerLimit = 64 << 20

    init(_ path: FilePath) { self.path = path }

    /// Sends a command and reads its answer to the end.
    ///
    /// - Throws: `Failure`.
    func ask(_ command: String, by deadline: Deadline) throws(Failure) -> String {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC | O_NONBLOCK, 0)
        guard descriptor >= 0 else { throw .system(Errno(rawValue: errno)) }
        defer { close(descriptor) }
        try connect(descriptor, deadline)
        try write(Array((command + "\n").utf8), to: descriptor, deadline)
        // The master answers until it has seen the end of the commands.
        shutdown(descriptor, Int32(SHUT_WR))
        return String(decoding: try readAll(descriptor, deadline), as: UTF8.self)
    }

    private func connect(_ descriptor: Int32, _ deadline: Deadline) throws(Failure) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let name = Array(path.string.utf8)
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw .system(.fileNameTooLong)
        }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { buffer in unsafe buffer.copyBytes(from: name) }
        while true {
            let result = unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                    unsafe Glibc.connect(descriptor, pointer, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            if result == 0 { return }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                // The queue of connections is full: nobody takes any.
                guard !deadline.hasPassed else { throw .silent }
                usleep(5000)
            case ECONNREFUSED, ENOENT: throw .absent
            default: throw .system(Errno(rawValue: errno))
            }
        }
    }

    private func write(_ bytes: [UInt8], to descriptor: Int32, _ deadline: Deadline) throws(Failure) {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes[sent...].withUnsafeBytes { buffer in
                unsafe send(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL))
            }
            if count >= 0 { sent += count } else { try wait(descriptor, POLLOUT, deadline) }
        }
    }

    private func readAll(_ descriptor: Int32, _ deadline: Deadline) throws(Failure) -> [UInt8] {
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while answer.count <= Self.answerLimit {
            let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
            if count == 0 { return answer }
            if count > 0 { answer += buffer[..<count] } else { try wait(descriptor, POLLIN, deadline) }
        }
        throw .system(.messageTooLong)
    }

    /// Waits after a call that has failed with `errno`.
    private func wait(_ descriptor: Int32, _ event: Int32, _ deadline: Deadline) throws(Failure) {
        switch errno {
        case EINTR: return
        case EAGAIN:
            var waited = pollfd(fd: descriptor, events: Int16(event), revents: 0)
            let count = unsafe poll(&waited, 1, deadline.milliseconds)
            if count == 0 { throw .silent }
        case ECONNRESET, EPIPE: throw .absent
        default: throw .system(Errno(rawValue: errno))
        }
    }
}
