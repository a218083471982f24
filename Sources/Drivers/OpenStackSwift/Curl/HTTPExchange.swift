// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// One request's content and the answer to it, as they pass by; used on one thread only.
final class HTTPExchange {
    /// Why this side has ended the exchange.
    enum Stop {
        case stalled, tooMuchAnswer
        case source(ObjectStoreError)
    }

    private static let greatestAnswer = 1 << 20

    private(set) var stop: Stop?
    private(set) var isSentWhole = false
    private(set) var sentBytes: UInt64 = 0
    private(set) var answer = StoreAnswer()

    private let source: (any ObjectBody)?
    private let cancellation: CancellationFlag?
    private var digest: MD5Digest
    private var pending: ArraySlice<UInt8> = []
    private var answerBytes = 0
    private var stallClock: StallClock

    init(source: (any ObjectBody)?, cancellation: CancellationFlag?, stallTimeout: Duration) throws(ObjectStoreError) {
        self.source = source
        self.cancellation = cancellation
        digest = try MD5Digest()
        stallClock = StallClock(limit: stallTimeout)
    }

    /// What was sent, once all of it was.
    func finish() -> StoredObject? {
        guard isSentWhole else { return nil }
        return StoredObject(md5: digest.finish(), byteCount: sentBytes)
    }

    /// Copies the next bytes of the request's content.
    ///
    /// - Returns: How many; 0 at the end, nil where the exchange must end.
    func fill(_ buffer: UnsafeMutableRawBufferPointer) -> Int? {
        guard !isSentWhole else { return 0 }
        do throws(ObjectStoreError) {
            while pending.isEmpty {
                try cancellation?.check()
                guard let next = try source?.next() else {
                    isSentWhole = true
                    break
                }
                digest.update(next)
                pending = next[...]
            }
        } catch {
            stop = .source(error)
            return nil
        }
        stallClock.restart()
        let count = min(buffer.count, pending.count)
        unsafe pending.withUnsafeBytes { bytes in
            unsafe buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
        }
        pending.removeFirst(count)
        sentBytes += UInt64(count)
        return count
    }

    func takeHeader(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard unsafe count(bytes) else { return false }
        answer.takeHeader(unsafe String(decoding: bytes, as: UTF8.self))
        return true
    }

    func takeContent(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard unsafe count(bytes) else { return false }
        unsafe answer.takeContent(bytes)
        return true
    }

    /// Whether to go on; asked about once a second when nothing moves, more often when something does.
    func mayGoOn(moved: Int64) -> Bool {
        do throws(ObjectStoreError) { try cancellation?.check() } catch {
            stop = .source(error)
            return false
        }
        guard !stallClock.hasStalled(moved: moved) else {
            stop = .stalled
            return false
        }
        return true
    }

    /// An answer is a line or two; whoever sends megabytes means no good.
    private func count(_ bytes: UnsafeRawBufferPointer) -> Bool {
        answerBytes += bytes.count
        guard answerBytes <= Self.greatestAnswer else {
            stop = .tooMuchAnswer
            return false
        }
        return true
    }
}
