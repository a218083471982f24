// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// One request's content and the answer to it, as they pass by; used on one thread only.
final class HTTPExchange {
    /// Why this side has ended the exchange.
    enum Stop: Error {
        case stalled, tooMuchAnswer
        /// There is more content than one object may have.
        case outgrown
        case source(ObjectStoreError)
    }

    private static let greatestAnswer = 1 << 20

    private(set) var stop: Stop?
    private(set) var isSentWhole = false
    private(set) var sentBytes: UInt64 = 0
    private(set) var answer = StoreAnswer()

    private var part: ContentPart?
    private let cancellation: CancellationFlag?
    private var digest: MD5Digest
    private var pending: ArraySlice<UInt8> = []
    private var answerBytes = 0
    private var stallClock: StallClock

    init(part: ContentPart?, cancellation: CancellationFlag?, stallTimeout: Duration) throws(ObjectStoreError) {
        self.part = part
        self.cancellation = cancellation
        digest = try MD5Digest()
        stallClock = StallClock(limit: stallTimeout)
    }

    /// How it has ended, with what was sent, once all of it was.
    func finish(_ end: ExchangeResult.End) -> ExchangeResult {
        ExchangeResult(
            end: end,
            sent: isSentWhole ? StoredObject(md5: digest.finish(), byteCount: sentBytes) : nil,
            isTouched: part?.isTouched ?? false,
            isLast: part?.isLast ?? true
        )
    }

    /// Copies the next bytes of the request's content.
    ///
    /// - Returns: How many; 0 at the end, nil where the exchange must end.
    func fill(_ buffer: UnsafeMutableRawBufferPointer) -> Int? {
        guard !isSentWhole else { return 0 }
        do throws(Stop) {
            while pending.isEmpty {
                do throws(ObjectStoreError) { try cancellation?.check() } catch { throw .source(error) }
                guard let next = try part?.next() else {
                    isSentWhole = true
                    break
                }
                digest.update(next)
                pending = next[...]
            }
        } catch {
            stop = error
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
