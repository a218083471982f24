// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// One connection of the HTTP server: one request, one response.
///
/// To be used on one thread.
final class HTTPConnection {
    private enum Phase {
        case reading(HTTPRequestReader)
        /// The response is being created.
        case answering(isHead: Bool)
        case writing([UInt8], sent: Int)
        /// The response was sent. Closing the socket with unread bytes would reset the connection before the client has read the
        /// response.
        case closing
        case closed
    }

    let descriptor: Int32
    /// The time at which the connection is closed in any state.
    let deadline: ContinuousClock.Instant
    private var phase = Phase.reading(HTTPRequestReader())

    /// - Parameters:
    ///   - descriptor: A non-blocking socket; the connection closes it.
    ///   - timeout: The limit for the request and the response together.
    init(descriptor: Int32, timeout: Duration) {
        self.descriptor = descriptor
        deadline = .now + timeout
    }

    deinit { close(descriptor) }

    /// The order in which connections are closed if there are too many: first those whose response was sent.
    var rank: Int {
        switch phase {
        case .closing, .closed: 0
        case .reading, .writing: 1
        case .answering: 2
        }
    }

    /// Whether the connection is finished.
    var isClosed: Bool { if case .closed = phase { true } else { false } }

    /// The events to wait for: `POLLIN`, `POLLOUT` or 0.
    var awaited: Int16 {
        switch phase {
        case .reading, .closing: Int16(POLLIN)
        case .writing: Int16(POLLOUT)
        case .answering, .closed: 0
        }
    }

    /// Continues when the descriptor is ready.
    ///
    /// - Returns: The request, once it is complete; ``respond(_:)`` must follow.
    func advance(_ ready: Int16) -> HTTPRequest? {
        switch phase {
        case .reading(let reader): return read(reader)
        case .writing: write()
        case .answering:
            if ready & Int16(POLLERR | POLLHUP) != 0 { phase = .closed }
        case .closing: drain()
        case .closed: break
        }
        return nil
    }

    /// Sends the response.
    func respond(_ response: HTTPResponse) {
        guard case .answering(let isHead) = phase else { return }
        phase = .writing(response.bytes(hasContent: !isHead), sent: 0)
        write()
    }

    /// Closes the connection; sends a 408 if the request is incomplete.
    func expire() {
        if case .reading = phase {
            phase = .writing(HTTPResponse(.timeout).bytes(), sent: 0)
            write()
        }
        phase = .closed
    }

    private func read(_ reader: HTTPRequestReader) -> HTTPRequest? {
        var reader = reader
        var block = [UInt8](repeating: 0, count: HTTPRequestReader.limit)
        let count = unsafe recv(descriptor, &block, block.count, 0)
        guard count > 0 else {
            if count == 0 || !Self.isTransient { phase = .closed }
            return nil
        }
        switch reader.take(block.prefix(count)) {
        case .incomplete: phase = .reading(reader)
        case .complete(let request):
            phase = .answering(isHead: request.method == "HEAD")
            return request
        case .invalid(let status):
            phase = .answering(isHead: false)
            respond(HTTPResponse(status))
        }
        return nil
    }

    private func write() {
        guard case .writing(let bytes, var sent) = phase else { return }
        while sent < bytes.count {
            let count = unsafe bytes[sent...].withUnsafeBytes { buffer in
                unsafe send(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else {
                phase = Self.isTransient ? .writing(bytes, sent: sent) : .closed
                return
            }
            sent += count
        }
        shutdown(descriptor, Int32(SHUT_WR))
        phase = .closing
    }

    /// Discards what the client sends after its request.
    private func drain() {
        var block = [UInt8](repeating: 0, count: HTTPRequestReader.limit)
        let count = unsafe recv(descriptor, &block, block.count, 0)
        if count == 0 || count < 0 && !Self.isTransient { phase = .closed }
    }

    private static var isTransient: Bool { errno == EAGAIN || errno == EINTR }
}
