// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCore
import SteelyardSystem
import SystemPackage

/// A connection to one of HAProxy's sockets, closed when it is released.
///
/// Every call blocks until its deadline at most.
final class RuntimeConnection: Sendable {
    /// The end of an answer on a connection for several commands.
    enum Prompt {
        case worker, master

        /// The start of the prompt at the end of `answer`; nil if the answer is incomplete.
        func start(in answer: [UInt8]) -> Int? {
            let end = answer.count
            guard end >= 2, answer[end - 2] == UInt8(ascii: ">"), answer[end - 1] == UInt8(ascii: " ") else {
                return nil
            }
            let line = answer.lastIndex(of: UInt8(ascii: "\n"))
            switch self {
            case .worker: return line == answer.count - 3 ? line : nil
            // The prompt is longer after a failed reload: `master[ReloadFailed]> `.
            case .master:
                let start = line.map { $0 + 1 } ?? 0
                return answer[start...].starts(with: "master".utf8) ? start : nil
            }
        }
    }

    private let descriptor: Int32
    /// 10,000 servers produce some 3 MB of counters.
    private static let answerLimit = 64 << 20

    /// Opens a connection.
    ///
    /// - Throws: `SocketFailure`.
    init(_ path: FilePath, by deadline: Deadline) throws(SocketFailure) {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
        guard descriptor >= 0 else { throw .system(Errno(rawValue: errno)) }
        // The backlog of a hung process is full: connect() waits for room in it.
        let limit = max(1, Int(deadline.milliseconds))
        var timeout = timeval(tv_sec: limit / 1000, tv_usec: limit % 1000 * 1000)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        try connect(path)
        setNonblocking()
    }

    /// Takes over a connected descriptor; closes it with this object.
    init(connected descriptor: Int32) {
        self.descriptor = descriptor
        setNonblocking()
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Whether the peer has neither closed the connection nor sent unrequested data.
    var isQuiet: Bool {
        var byte: UInt8 = 0
        return unsafe recv(descriptor, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT)) < 0
            && errno == EAGAIN
    }

    /// Whether the peer has not closed the connection, as far as is known without reading.
    var isOpen: Bool {
        var byte: UInt8 = 0
        let count = unsafe recv(descriptor, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT))
        return count > 0 || count < 0 && errno == EAGAIN
    }

    /// Sends text.
    ///
    /// - Throws: `SocketFailure`.
    func send(_ text: String, by deadline: Deadline) throws(SocketFailure) {
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes[sent...].withUnsafeBytes { buffer in
                unsafe Glibc.send(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL))
            }
            if count >= 0 { sent += count } else { try wait(POLLOUT, deadline) }
        }
    }

    /// Sends the only command of this connection, and reads the answer to its end.
    ///
    /// - Throws: `SocketFailure`.
    func onlyAnswer(to command: String, by deadline: Deadline) throws(SocketFailure) -> String {
        try send(command + "\n", by: deadline)
        // The master closes the connection after the end of the commands.
        shutdown(descriptor, Int32(SHUT_WR))
        return try read(until: nil, deadline)
    }

    /// Sends a command on a connection that stays open.
    ///
    /// - Throws: `SocketFailure`, also if the peer closes the connection first.
    func answer(to command: String, until prompt: Prompt, by deadline: Deadline) throws(SocketFailure) -> String {
        try send(command + "\n", by: deadline)
        return try read(until: prompt, by: deadline)
    }

    /// Reads until the next prompt.
    ///
    /// - Throws: `SocketFailure`, also if the peer closes the connection first.
    func read(until prompt: Prompt, by deadline: Deadline) throws(SocketFailure) -> String {
        try read(until: prompt, deadline)
    }

    /// Reads the answers to several commands, each of which ends with a worker's prompt.
    ///
    /// - Returns: The answers, without trailing empty lines.
    /// - Throws: `SocketFailure`, also if the peer closes the connection first.
    func readAnswers(_ count: Int, by deadline: Deadline) throws(SocketFailure) -> [Substring] {
        var answers: [Substring] = []
        while answers.count < count {
            // The bytes may end with any of the prompts.
            let bytes = try bytes(until: .worker, deadline)
            var start = 0
            for end in bytes.indices.dropLast(2) where Self.isPrompt(bytes, at: end) {
                if end >= start { answers.append(Self.answer(bytes[start..<end])) }
                start = end + 3
            }
        }
        return answers
    }

    private static func isPrompt(_ bytes: [UInt8], at index: Int) -> Bool {
        bytes[index] == UInt8(ascii: "\n") && bytes[index + 1] == UInt8(ascii: ">")
            && bytes[index + 2] == UInt8(ascii: " ")
    }

    private static func answer(_ bytes: ArraySlice<UInt8>) -> Substring {
        let newline = UInt8(ascii: "\n")
        let text = bytes.drop { $0 == newline }
        let end = text.lastIndex { $0 != newline }.map { $0 + 1 } ?? text.startIndex
        return Substring(decoding: text[..<end], as: UTF8.self)
    }

    /// Shuts the connection down for all processes that share it.
    func end() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// Stores the connection in the service manager, so that it outlives this process.
    func keep(by descriptors: any DescriptorStore, as name: String) { descriptors.keep(descriptor, as: name) }

    private func read(until prompt: Prompt?, _ deadline: Deadline) throws(SocketFailure) -> String {
        let answer = try bytes(until: prompt, deadline)
        return String(decoding: answer[..<(prompt?.start(in: answer) ?? answer.count)], as: UTF8.self)
    }

    /// Reads to the end, or until a prompt.
    private func bytes(until prompt: Prompt?, _ deadline: Deadline) throws(SocketFailure) -> [UInt8] {
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while answer.count <= Self.answerLimit {
            let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
            if count == 0 {
                guard prompt == nil else { throw .absent }
                return answer
            }
            if count > 0 { answer += buffer[..<count] } else { try wait(POLLIN, deadline) }
            if prompt?.start(in: answer) != nil { return answer }
        }
        throw .system(.messageTooLong)
    }

    private func connect(_ path: FilePath) throws(SocketFailure) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let name = Array(path.string.utf8)
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { throw .system(.fileNameTooLong) }
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
            case EAGAIN: throw .silent
            case ECONNREFUSED, ENOENT: throw .absent
            default: throw .system(Errno(rawValue: errno))
            }
        }
    }

    private func setNonblocking() {
        let flags = fcntl(descriptor, F_GETFL)
        if flags >= 0 { _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) }
    }

    /// Waits after a call that failed with `errno`.
    private func wait(_ event: Int32, _ deadline: Deadline) throws(SocketFailure) {
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
