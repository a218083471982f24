// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import Foundation
import Glibc
import Synchronization

/// A stand-in for systemd: receives the messages of sd_notify(3), stores their descriptors, and passes them to the next
/// process of the service.
package final class StandInServiceManager: Sendable {
    /// A stored descriptor.
    package struct Kept: Sendable {
        package let name: String
        package let descriptor: Int32
    }

    private struct State {
        var messages: [String] = []
        var kept: [Kept] = []
    }

    /// The value of NOTIFY_SOCKET.
    package let address: String
    private let socket: Int32
    private let state = Mutex(State())

    /// Starts to listen.
    ///
    /// - Parameter folder: The folder of its socket; nil for an abstract socket.
    package init(in folder: URL? = nil) throws {
        let name = "notify-" + String(UInt64.random(in: 0...UInt64.max), radix: 36)
        address = folder?.appending(path: name).path ?? "@steelyard-test-\(name)"
        socket = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | O_CLOEXEC, 0)
        guard socket >= 0, Self.bind(socket, to: address) else { throw ServerFailure("cannot bind \(address)") }
        Thread.detachNewThread { [self] in while receive() {} }
    }

    /// Stops, and closes the stored descriptors.
    package func stop() {
        shutdown(socket, Int32(SHUT_RDWR))
        state.withLock { state in
            for kept in state.kept { close(kept.descriptor) }
            state.kept = []
        }
    }

    /// The lines of all messages so far, in the order of their arrival.
    package var lines: [String] {
        state.withLock { $0.messages.flatMap { $0.split(separator: "\n").map(String.init) } }
    }

    /// The stored descriptors; like systemd, without connections that the other side has closed.
    package var kept: [Kept] {
        state.withLock { state in
            state.kept.removeAll { kept in
                var waited = pollfd(fd: kept.descriptor, events: 0, revents: 0)
                guard poll(&waited, 1, 0) > 0 else { return false }
                close(kept.descriptor)
                return true
            }
            return state.kept
        }
    }

    /// Copies of the stored descriptors, as for another process; the caller owns them.
    package func copies() -> [(name: String, descriptor: Int32)] {
        kept.map { ($0.name, fcntl($0.descriptor, F_DUPFD_CLOEXEC, 3)) }
    }

    /// Returns once every earlier message is in ``lines``.
    package func catchUp() async throws {
        let mark = "X_CAUGHT_UP=" + String(UInt64.random(in: 0...UInt64.max), radix: 36)
        let size = Self.withAddress(address) { Glibc.sendto(socket, mark, mark.utf8.count, 0, $0, $1) }
        guard size == mark.utf8.count else { throw ServerFailure("cannot send to \(address): errno \(errno)") }
        try await eventually("the messages are read") { lines.contains(mark) }
    }

    private func receive() -> Bool {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        // A struct cmsghdr with space for one descriptor.
        var control = [UInt64](repeating: 0, count: 3)
        var flags: Int32 = 0
        var controlCount = 0
        let count = bytes.withUnsafeMutableBytes { buffer in
            control.withUnsafeMutableBytes { controlBuffer in
                var part = iovec(iov_base: buffer.baseAddress, iov_len: buffer.count)
                return withUnsafeMutablePointer(to: &part) { part in
                    var message = msghdr()
                    message.msg_iov = part
                    message.msg_iovlen = 1
                    message.msg_control = controlBuffer.baseAddress
                    message.msg_controllen = controlBuffer.count
                    let count = recvmsg(socket, &message, Int32(MSG_CMSG_CLOEXEC))
                    (flags, controlCount) = (message.msg_flags, message.msg_controllen)
                    return count
                }
            }
        }
        guard count > 0 else { return false }
        _ = flags
        let text = String(decoding: bytes[..<count], as: UTF8.self)
        let descriptor = controlCount > 0 ? Int32(truncatingIfNeeded: control[2]) : nil
        take(text, descriptor)
        return true
    }

    private func take(_ text: String, _ descriptor: Int32?) {
        let lines = text.split(separator: "\n")
        let name = lines.first { $0.hasPrefix("FDNAME=") }.map { String($0.dropFirst(7)) } ?? "stored"
        state.withLock { state in
            state.messages.append(text)
            if lines.contains("FDSTOREREMOVE=1") {
                for kept in state.kept where kept.name == name { close(kept.descriptor) }
                state.kept.removeAll { $0.name == name }
            }
            guard let descriptor else { return }
            if lines.contains("FDSTORE=1") {
                state.kept.append(Kept(name: name, descriptor: descriptor))
            } else {
                close(descriptor)
            }
        }
    }

    private static func bind(_ socket: Int32, to path: String) -> Bool {
        withAddress(path) { Glibc.bind(socket, $0, $1) } == 0
    }

    private static func withAddress<Result>(
        _ path: String,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let name = Array(path.utf8)
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
        withUnsafeMutableBytes(of: &address.sun_path) { buffer in
            buffer.copyBytes(from: name)
            if path.hasPrefix("@") { buffer[0] = 0 }
        }
        let size = MemoryLayout<sa_family_t>.size + name.count + (path.hasPrefix("@") ? 0 : 1)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(size)) }
        }
    }
}
