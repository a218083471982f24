// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// One request's content and the answer to it, while they pass; used on one thread.
final class HTTPExchange {
    /// Why this side has ended the exchange.
    enum Stop: Error {
        case stalled, tooMuchAnswer
        /// There is more content than one object may have.
        case outgrown
        /// The content is not the one that was counted.
        case changed
        case source(ObjectStoreError)
    }

    /// What an answer may have beyond the content that is kept.
    private static let surplusAnswerBytes = 1 << 20

    private(set) var stop: Stop?
    private(set) var answer: StoreAnswer
    /// The first address that was not connected to, because it is a local one.
    private(set) var refusedAddress: IPAddress?

    private let part: ContentPart?
    private let cancellation: UploadCancellation?
    private let cancellationGrace: Duration
    private var cancelledSince: ContinuousClock.Instant?
    private let refusesLocalAddresses: Bool
    private let greatestAnswer: Int
    private var answerBytes = 0
    private var stallClock: StallClock

    init(
        part: ContentPart?,
        answerLimit: Int,
        cancellation: UploadCancellation?,
        cancellationGrace: Duration,
        stallTimeout: Duration,
        refusesLocalAddresses: Bool
    ) {
        self.part = part
        self.cancellation = cancellation
        self.cancellationGrace = cancellationGrace
        self.refusesLocalAddresses = refusesLocalAddresses
        greatestAnswer = answerLimit + Self.surplusAnswerBytes
        answer = StoreAnswer(contentLimit: answerLimit)
        stallClock = StallClock(limit: stallTimeout)
    }

    /// How it has ended, with what was sent, if all of it was.
    func finish(_ end: ExchangeResult.End) -> ExchangeResult {
        guard let part else { return ExchangeResult(end: end) }
        return ExchangeResult(
            end: end,
            sent: part.isAtEnd ? part.finish() : nil,
            isTouched: part.isTouched,
            isLast: part.isAtEnd && part.isLast
        )
    }

    /// Takes the end of a content of 0 bytes, for which libcurl does not ask.
    func fillNothing() {
        unsafe withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) { buffer in _ = unsafe fill(buffer) }
    }

    /// Copies the next bytes of the request's content.
    ///
    /// - Returns: How many; 0 at the end, nil if the exchange must end.
    func fill(_ buffer: UnsafeMutableRawBufferPointer) -> Int? {
        guard let part else { return 0 }
        guard mayGoOn() else { return nil }
        do throws(Stop) {
            let count = try unsafe part.fill(buffer)
            // The time in which the content was made is not the store's.
            stallClock.restart()
            return count
        } catch {
            stop = error
            return nil
        }
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

    /// Does something that a cancellation wakes.
    func withWaking<Result>(_ wake: @escaping @Sendable () -> Void, _ body: () -> Result) -> Result {
        guard let cancellation else { return body() }
        return cancellation.withWaking(wake, body)
    }

    /// Whether to go on, as far as a cancellation is concerned.
    func mayGoOn() -> Bool {
        do throws(ObjectStoreError) { try cancellation?.check() } catch {
            let since = cancelledSince ?? .now
            cancelledSince = since
            guard .now - since >= cancellationGrace else { return true }
            stop = .source(error)
            return false
        }
        return true
    }

    /// Whether to go on; called about once a second when nothing moves, more often when something does.
    func mayGoOn(moved: Int64) -> Bool {
        guard mayGoOn() else { return false }
        guard !stallClock.hasStalled(moved: moved) else {
            stop = .stalled
            return false
        }
        return true
    }

    /// Whether an address may be connected to; nil is an address of neither IPv4 nor IPv6.
    func mayConnect(to address: IPAddress?) -> Bool {
        guard refusesLocalAddresses else { return true }
        guard let address else { return false }
        guard address.localKind != nil else { return true }
        if refusedAddress == nil { refusedAddress = address }
        return false
    }

    /// An answer is short; a server that sends megabytes is not trusted to come to an end.
    private func count(_ bytes: UnsafeRawBufferPointer) -> Bool {
        answerBytes += bytes.count
        guard answerBytes <= greatestAnswer else {
            stop = .tooMuchAnswer
            return false
        }
        return true
    }
}
