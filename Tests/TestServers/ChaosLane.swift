// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// One direction of a ``ChaosProxy``'s connection: a queue of bytes from one side to the other.
struct ChaosLane {
    /// The result of an attempt to read or write.
    enum Result {
        case done
        case broken
    }

    /// The limit of the queue, in bytes.
    private static let limit = 256 << 10

    /// Whether received bytes are dropped.
    var isSilent = false
    /// The number of bytes after which both sides are reset.
    var resetAfter: Int?
    /// Whether the source has ended.
    private(set) var hasEnded = false
    /// Whether the end was relayed.
    private(set) var isShut = false
    private let source: Int32
    private let target: Int32
    private var waiting: [(due: ContinuousClock.Instant, bytes: [UInt8])] = []
    private var waitingCount = 0

    init(from source: Int32, to target: Int32) {
        self.source = source
        self.target = target
    }

    var mayRead: Bool { !hasEnded && waitingCount < Self.limit }
    /// When the next bytes are due; nil if the queue is empty.
    var due: ContinuousClock.Instant? { waiting.first?.due }
    var isDrained: Bool { waiting.isEmpty }

    /// Reads the available bytes.
    ///
    /// - Parameters:
    ///   - link: How the bytes are relayed.
    ///   - change: Returns the bytes to relay instead of the received ones.
    mutating func read(_ link: ChaosLink, _ change: ([UInt8]) -> [UInt8] = { $0 }) -> Result {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let count = recv(source, &buffer, buffer.count, 0)
        if count < 0, errno == EAGAIN || errno == EINTR { return .done }
        guard count > 0 else {
            hasEnded = true
            return count == 0 ? .done : .broken
        }
        let bytes = change(Array(buffer.prefix(count)))
        if !isSilent, !isShut { enqueue(bytes, link) }
        return .done
    }

    /// Writes the bytes that are due.
    mutating func write(at now: ContinuousClock.Instant) -> Result {
        while let first = waiting.first, first.due <= now {
            var bytes = first.bytes
            if let left = resetAfter {
                bytes = Array(bytes.prefix(left))
                if bytes.isEmpty { return .broken }
            }
            let count = bytes.withUnsafeBytes { send(target, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0, errno == EAGAIN || errno == EINTR { return .done }
            guard count >= 0 else {
                drop()
                isShut = true
                return .broken
            }
            if let left = resetAfter { resetAfter = left - count }
            waitingCount -= count
            if count == first.bytes.count { waiting.removeFirst() } else { waiting[0].bytes.removeFirst(count) }
        }
        return .done
    }

    /// Relays the end.
    mutating func shut() {
        guard !isShut else { return }
        isShut = true
        shutdown(target, Int32(SHUT_WR))
    }

    /// Empties the queue.
    mutating func drop() {
        waiting = []
        waitingCount = 0
    }

    private mutating func enqueue(_ bytes: [UInt8], _ link: ChaosLink) {
        guard !bytes.isEmpty else { return }
        var due = max(ContinuousClock.now, waiting.last?.due ?? .now)
        waitingCount += bytes.count
        switch link {
        case .delayed(let milliseconds):
            waiting.append((max(due, .now + .milliseconds(milliseconds)), bytes))
        case .trickling:
            // The start, which contains headers and handles, in pieces of a few bytes; the rest at once.
            var rest = bytes[...]
            while !rest.isEmpty, bytes.count - rest.count < 96 {
                let piece = rest.prefix(1 + rest.count % 7)
                waiting.append((due, Array(piece)))
                rest = rest.dropFirst(piece.count)
                due += .milliseconds(1)
            }
            if !rest.isEmpty { waiting.append((due, Array(rest))) }
        case .normal, .stalled, .refusing: waiting.append((due, bytes))
        }
    }
}
