// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Reads messages, and gives each change its place in the order in which the messages came.
///
/// A large message is read on another thread than the caller's, so that others do not wait for it; changes that come
/// after it keep their place after it.
final class MessageIntake: Sendable {
    /// A message that was read.
    struct Incoming {
        let document: JSONDocument
        let message: Message
        /// The place among the changes, to be left in the end; nil where the message changes nothing.
        let place: SerialGate.Place?
    }

    /// Says why a payload is no message.
    struct Refusal: Error {
        /// The payload, where it is a JSON object.
        var document: JSONDocument?
        let failure: ActionFailure
    }

    /// A message of more bytes takes long enough to read that others would wait for it.
    private static let largeMessage = 128 << 10

    /// How many changes wait for their turn.
    var waitingChanges: Int { changes.waitingCount }

    private let changes = SerialGate()
    /// Messages whose place among the changes is not reserved yet.
    private let arrivals = SerialGate()

    /// The types of stores that an ARCHIVE may name.
    private let stores: [StoreFormat]

    init(stores: [StoreFormat]) { self.stores = stores }

    /// Reads a message.
    ///
    /// Calls that begin in order on one executor give changes their places in that order.
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
        do { return (document, try Message(document, limits: limits, stores: stores)) } catch {
            throw Refusal(document: document, failure: ActionFailure(error))
        }
    }
}

extension ActionKind {
    /// Whether the action is one of those that are done one at a time, in order.
    fileprivate var needsTurn: Bool {
        switch self {
        case .update, .suspend, .enable, .delete, .archive: true
        case .stats, .metrics, .discover, .diagnostics: false
        }
    }
}
