// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// Words what goes wrong with one object: the cause first, then the store, what it said, and what to do.
struct StoreFailures: Sendable {
    let address: ObjectAddress

    private var authority: String { address.endpoint.authority }

    /// What an answer other than success means.
    ///
    /// - Parameter attempts: Which attempt it is the answer to, from 1.
    func error(for answer: StoreAnswer, attempts: Int) -> ObjectStoreError {
        let (code, cause, advice) = words(for: AnswerKind(answer.status))
        let count = attempts > 1 ? ", attempt \(attempts)" : ""
        return make(
            code,
            "\(cause) (HTTP \(answer.status) from \(authority)\(count)\(said(answer))); \(advice)",
            answer
        )
    }

    /// What it means that there was no answer.
    func error(for error: CurlError) -> ObjectStoreError {
        let (code, cause, advice): (ObjectStoreError.Code, String, String) =
            switch error.kind {
            case .unknownHost:
                (
                    .unavailable, "the object store's host name cannot be resolved",
                    "check the endpoint and the name server"
                )
            case .unreachable:
                (.unavailable, "the object store cannot be reached", "check the endpoint, the network and the store")
            case .timedOut:
                (.timedOut, "the object store did not answer in time", "check the network and the store")
            case .untrusted:
                (
                    .untrusted, "the object store's certificate is not trusted",
                    "set archive.ca to its certificate authority's file, or mend the certificate"
                )
            case .badAuthorityFile:
                (.untrusted, "the file of archive.ca cannot be used", "give it a readable file of PEM certificates")
            case .impossible: (.refused, "the object store's URL cannot be used", "check the endpoint")
            case .broken:
                (.unavailable, "the connection to the object store broke", "check the network and the store")
            }
        let detail = OneLine.make(error.detail, hiding: address.token.secret)
        return ObjectStoreError(code, "\(cause) (\(authority): \(detail)); \(advice)")
    }

    /// The store's checksum is not ours, and so the object has been removed.
    func mismatch(_ answer: StoreAnswer) -> ObjectStoreError {
        make(
            .checksumMismatch,
            "the object arrived damaged: its checksum at \(authority) is not the one that was sent, and it was removed;"
                + " send the ARCHIVE again",
            answer
        )
    }

    /// The store has confirmed an object of which it cannot have had the end.
    func takenTooEarly(_ answer: StoreAnswer) -> ObjectStoreError {
        make(
            .checksumMismatch,
            "the object store confirmed the object before its end (HTTP \(answer.status) from \(authority)), and it was"
                + " removed; check whether the endpoint is an OpenStack Swift",
            answer
        )
    }

    /// The store tells no checksum.
    func unconfirmed(_ answer: StoreAnswer) -> ObjectStoreError {
        make(
            .checksumMismatch,
            "the object store did not confirm the object's checksum (HTTP \(answer.status) from \(authority));"
                + " check whether the endpoint is an OpenStack Swift",
            answer
        )
    }

    /// An object that should have been removed is still there.
    func leftBehind(_ error: ObjectStoreError) -> ObjectStoreError {
        let message = error.message.replacing(", and it was removed", with: ", and it could not be removed")
        return ObjectStoreError(error.code, "\(message); remove the object \(address.path)", status: error.status)
    }

    /// There would be more segments than a manifest may name.
    func tooManySegments(_ limit: Int) -> ObjectStoreError {
        ObjectStoreError(
            .tooLarge,
            "the object is larger than \(limit) segments, the most that an object store takes; raise archive.segment_bytes"
        )
    }

    /// Segments that should have been removed are still there.
    func segmentsLeftBehind(_ error: ObjectStoreError) -> ObjectStoreError {
        ObjectStoreError(
            error.code,
            "\(error.message); segments could not be removed: remove what is in"
                + " \(address.segmentsContainer)/\(address.path.name)/",
            status: error.status
        )
    }

    /// An earlier attempt may have stored the object, and the store does not say whether it has.
    func inDoubt(_ error: ObjectStoreError) -> ObjectStoreError {
        ObjectStoreError(error.code, error.message, status: error.status, mayBeStored: true)
    }

    /// The store does not say whether it has the manifest, and so its segments must stay.
    func unclear(_ error: ObjectStoreError) -> ObjectStoreError {
        ObjectStoreError(
            error.code,
            "\(error.message); the object may be there all the same: look for \(address.path), and if it is not there,"
                + " remove what is in \(address.segmentsContainer)/\(address.path.name)/",
            status: error.status,
            mayBeStored: true
        )
    }

    /// The time for the whole object is over.
    func outOfTime(_ limit: Duration, last: ObjectStoreError?) -> ObjectStoreError {
        ObjectStoreError(
            .timedOut,
            "the object was not stored within \(limit.components.seconds) s"
                + (last.map { "; the last attempt: \($0.message)" }
                    ?? " at \(authority); check the network and the store"),
            status: last?.status
        )
    }

    private func make(_ code: ObjectStoreError.Code, _ message: String, _ answer: StoreAnswer) -> ObjectStoreError {
        ObjectStoreError(code, message, status: answer.status)
    }

    private func said(_ answer: StoreAnswer) -> String {
        let text = answer.text(hiding: address.token.secret)
        return text.isEmpty ? "" : ": \(text)"
    }

    private func words(for kind: AnswerKind) -> (ObjectStoreError.Code, cause: String, advice: String) {
        switch kind {
        case .unauthorized:
            (.unauthorized, "the object store does not accept the token", "send the ARCHIVE again with a new one")
        case .forbidden:
            (
                .forbidden, "the token gives no access to this account or container",
                "check the endpoint and the base path"
            )
        case .notFound: (.notFound, "the object store has no such account", "check the endpoint")
        case .alreadyExists:
            (.alreadyExists, "the object exists already and is not overwritten", "\(address.path) stays as it is")
        case .tooLarge: (.tooLarge, "the object is larger than the object store takes", "lower archive.segment_bytes")
        case .damaged: (.checksumMismatch, "the object arrived damaged", "send the ARCHIVE again")
        case .redirected:
            (.refused, "the object store redirects, which is not followed", "give the store's own address as endpoint")
        case .gaveUp: (.timedOut, "the object store gave up the upload", "send the ARCHIVE again later")
        case .failed: (.unavailable, "the object store failed", "see its log, then send the ARCHIVE again")
        case .refused: (.refused, "the object store refuses the object", "check whether the endpoint is right")
        }
    }
}
