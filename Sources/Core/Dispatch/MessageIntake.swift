// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Decodes messages, and queues changes in the order of arrival.
///
/// A large message is decoded on another thread than the caller's, so that others do not wait for it; later changes
/// still queue after it.
final class MessageIntake: Sendable {
    /// A decoded message.
    struct Incoming {
        let document: JSONDocument
        let message: Message
        /// The place in the queue of changes, to release at the end; nil if the message changes nothing.
        let place: SerialGate.Place?
    }

    /// The reason why a payload is not a valid message.
    struct Refusal: Error {
        /// The payload, if it is a JSON object.
        var document: JSONDocument?
        let failure: ActionFailure
    }

    /// Larger messages, in bytes, take so long to decode that others would wait.
    private static let largeMessage = 128 << 10

    /// The number of changes waiting for their turn.
    var waitingChanges: Int { changes.waitingCount }

    private let changes = SerialGate()
    /// Messages whose place in the queue of changes is not reserved yet.
    private let arrivals = SerialGate()

    /// The types of stores that an ARCHIVE may name.
    private let stores: [StoreFormat]
    private let certificates: any CertificateReader

    init(stores: [StoreFormat], certificates: any CertificateReader) {
        self.stores = stores
        self.certificates = certificates
    }

    /// Decodes a message.
    ///
    /// Calls that start in order on one executor queue their changes in that order.
    func read(_ payload: [UInt8], _ limits: MessageLimits) async throws(Refusal) -> Incoming {
        guard payload.count <= Self.largeMessage else {
            return try await arrivals.withTurn { () throws(Refusal) in
                reserved(try await decodedElsewhere(payload, limits))
            }
        }
        let decoded = try decoded(payload, limits)
        guard decoded.1.action.kind.needsTurn, !arrivals.isFree else { return reserved(decoded) }
        return await arrivals.withTurn { reserved(decoded) }
    }

    private func reserved(_ decoded: (JSONDocument, Message)) -> Incoming {
        let (document, message) = decoded
        let place = message.action.kind.needsTurn ? changes.reserve() : nil
        return Incoming(document: document, message: message, place: place)
    }

    @concurrent
    private func decodedElsewhere(
        _ payload: [UInt8],
        _ limits: MessageLimits
    ) async throws(Refusal) -> (JSONDocument, Message) {
        try decoded(payload, limits)
    }

    private func decoded(
        _ payload: [UInt8],
        _ limits: MessageLimits
    ) throws(Refusal) -> (JSONDocument, Message) {
        let document: JSONDocument
        do { document = try JSONDocument(payload) } catch { throw Refusal(failure: ActionFailure(error)) }
        do {
            return (document, try Message(document, limits: limits, stores: stores, certificates: certificates))
        } catch {
            throw Refusal(document: document, failure: ActionFailure(error))
        }
    }
}

extension ActionKind {
    /// Whether actions of this kind run one at a time, in order.
    fileprivate var needsTurn: Bool {
        switch self {
        case .update, .suspend, .enable, .delete, .archive: true
        case .stats, .metrics, .discover, .diagnostics: false
        }
    }
}
