// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The content of a request and its response during the transfer; used on one thread.
final class HTTPExchange {
    /// The reason why the client has ended the exchange.
    enum Stop: Error {
        case stalled, tooMuchAnswer
        /// The content exceeds the size limit of one object.
        case outgrown
        /// The content differs from the earlier count.
        case changed
        case source(ObjectStoreError)
    }

    /// The bytes that a response may have in addition to the content kept.
    private static let surplusAnswerBytes = 1 << 20

    private(set) var stop: Stop?
    private(set) var answer: StoreAnswer
    /// The first address rejected as local.
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

    /// Returns the result, with the content sent, if complete.
    func finish(_ end: ExchangeResult.End) -> ExchangeResult {
        guard let part else { return ExchangeResult(end: end) }
        return ExchangeResult(
            end: end,
            sent: part.isAtEnd ? part.finish() : nil,
            isTouched: part.isTouched,
            isLast: part.isAtEnd && part.isLast
        )
    }

    /// Ends a content of 0 bytes, which libcurl does not read.
    func fillNothing() {
        unsafe withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) { buffer in _ = unsafe fill(buffer) }
    }

    /// Copies the next bytes of the request's content.
    ///
    /// - Returns: The number of bytes; 0 at the end, nil if the exchange must end.
    func fill(_ buffer: UnsafeMutableRawBufferPointer) -> Int? {
        guard let part else { return 0 }
        guard mayGoOn() else { return nil }
        do throws(Stop) {
            let count = try unsafe part.fill(buffer)
            // The time for reading the content does not count as a stall of the store.
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

    /// Runs a closure whose wait a cancellation ends.
    func withWaking<Result>(_ wake: @escaping @Sendable () -> Void, _ body: () -> Result) -> Result {
        guard let cancellation else { return body() }
        return cancellation.withWaking(wake, body)
    }

    /// Returns whether to continue with regard to a cancellation.
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

    /// Returns whether to continue; called about once a second while idle, more often during a transfer.
    func mayGoOn(moved: Int64) -> Bool {
        guard mayGoOn() else { return false }
        guard !stallClock.hasStalled(moved: moved) else {
            stop = .stalled
            return false
        }
        return true
    }

    /// Returns whether connecting to an address is allowed; nil is an address of neither IPv4 nor IPv6.
    func mayConnect(to address: IPAddress?) -> Bool {
        guard refusesLocalAddresses else { return true }
        guard let address else { return false }
        guard address.localKind != nil else { return true }
        if refusedAddress == nil { refusedAddress = address }
        return false
    }

    /// A response is short: a server that sends megabytes may never end.
    private func count(_ bytes: UnsafeRawBufferPointer) -> Bool {
        answerBytes += bytes.count
        guard answerBytes <= greatestAnswer else {
            stop = .tooMuchAnswer
            return false
        }
        return true
    }
}
