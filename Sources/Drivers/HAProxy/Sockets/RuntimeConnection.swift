// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardSystem
import SystemPackage

/// A connection to one of HAProxy's sockets, closed when it is released.
///
/// Every call blocks until its deadline at most.
final class RuntimeConnection: Sendable {
    typealias Failure = RuntimeSocket.Failure

    private let descriptor: Int32
    /// 10,000 servers make some 3 MB of counters.
    private static let answerLimit = 64 << 20

    /// Connects.
    ///
    /// - Throws: `Failure`.
    init(_ path: FilePath, by deadline: Deadline) throws(Failure) {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC | O_NONBLOCK, 0)
        guard descriptor >= 0 else { throw .system(Errno(rawValue: errno)) }
        try connect(path, deadline)
    }

    /// Takes over a connection that another process has made; it is closed with this object.
    init(connected descriptor: Int32) {
        self.descriptor = descriptor
        let flags = fcntl(descriptor, F_GETFL)
        if flags >= 0 { _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Whether the other side has neither ended nor said anything unasked.
    var isQuiet: Bool {
        var byte: UInt8 = 0
        return unsafe recv(descriptor, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT)) < 0
            && errno == EAGAIN
    }

    func send(_ text: String, by deadline: Deadline) throws(Failure) {
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes[sent...].withUnsafeBytes { buffer in
                unsafe Glibc.send(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL))
            }
            if count >= 0 { sent += count } else { try wait(POLLOUT, deadline) }
        }
    }

    /// Tells the other side that nothing more is sent.
    func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Ends it in all processes that have it.
    func end() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// Has the service manager keep it, so that it outlives this process.
    func keep(by serviceManager: ServiceManager, as name: String) { serviceManager.keep(descriptor, as: name) }

    /// Gives a command on a connection that stays.
    func answer(to command: String, until end: String, by deadline: Deadline) throws(Failure) -> String {
        try send(command + "\n", by: deadline)
        return try read(until: end, by: deadline)
    }

    /// Reads to the end.
    func readAll(by deadline: Deadline) throws(Failure) -> String {
        try read(until: nil, deadline)
    }

    /// Reads until what was read ends like this.
    ///
    /// - Returns: What comes before it.
    /// - Throws: `Failure`, also where the other side ends first.
    func read(until end: String, by deadline: Deadline) throws(Failure) -> String {
        try read(until: Array(end.utf8), deadline)
    }

    private func read(until end: [UInt8]?, _ deadline: Deadline) throws(Failure) -> String {
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while answer.count <= Self.answerLimit {
            let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
            if count == 0 {
                guard end == nil else { throw .absent }
                return String(decoding: answer, as: UTF8.self)
            }
            if count > 0 { answer += buffer[..<count] } else { try wait(POLLIN, deadline) }
            if let end, answer.count >= end.count, answer.suffix(end.count) == end[...] {
                return String(decoding: answer.dropLast(end.count), as: UTF8.self)
            }
        }
        throw .system(.messageTooLong)
    }

    private func connect(_ path: FilePath, _ deadline: Deadline) throws(Failure) {
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

    /// Waits after a call that has failed with `errno`.
    private func wait(_ event: Int32, _ deadline: Deadline) throws(Failure) {
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
