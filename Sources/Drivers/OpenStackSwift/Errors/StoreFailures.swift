// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// Makes the errors of one object: the cause first, then the store and its own text, then what to do.
struct StoreFailures: Sendable {
    let address: ObjectAddress

    /// The store's host and port, with `***` for the token: a sender may confuse the fields of its message.
    var authority: String { masked(address.endpoint.authority) }
    /// The object's place, with `***` for the token.
    var objectPath: String { masked(address.path.description) }

    /// What an answer other than success means.
    ///
    /// - Parameter attempts: Which attempt it is the answer to, from 1.
    func error(for answer: StoreAnswer, attempts: Int = 1) -> ObjectStoreError {
        let (code, cause, advice) = explanation(of: answer)
        return error(code, cause, answer, attempts: attempts, advice: advice)
    }

    /// What it means that there was no answer.
    func error(for error: CurlError) -> ObjectStoreError {
        let (code, cause, advice) = Self.explanation(of: error.kind)
        let detail = StoreText.line(error.detail, hiding: address.token.secret)
        return ObjectStoreError(code, "\(cause) (\(authority): \(detail)); \(advice)")
    }

    /// There is an object of this name, of another upload.
    func exists() -> ObjectStoreError {
        ObjectStoreError(
            .alreadyExists,
            "the object exists already and is not overwritten (at \(authority)); \(objectPath) stays as it is"
        )
    }

    /// There is an object of this name, and it is not known whether it is of this upload.
    func unknownOwner(_ error: ObjectStoreError) -> ObjectStoreError {
        let status = error.status.map { "HTTP \($0) from \(authority)" } ?? "at \(authority)"
        return ObjectStoreError(
            .unavailable,
            "an object of this name exists, and it is not known whether it is of this upload (\(status)); \(objectPath)"
                + " stays as it is: send the ARCHIVE again with a token that may read and write",
            status: error.status,
            mayBeStored: true
        )
    }

    /// The store's host has an address that is refused.
    func localAddress(_ address: IPAddress) -> ObjectStoreError {
        let (host, port) = (masked(self.address.endpoint.host), self.address.endpoint.effectivePort)
        return ObjectStoreError(
            .forbidden,
            "the object store's address \(address) (\(address.localKind ?? "local"), \(authority)) is refused while"
                + " archive.endpoints is empty; if it is the store's, add \"\(host):\(port)\" to"
                + " archive.endpoints"
        )
    }

    /// The content that was made again has another size.
    func contentChanged() -> ObjectStoreError {
        ObjectStoreError(
            .sourceFailed,
            "the object's content changed between two readings of the log, so that its Content-Length is wrong"
                + " (\(authority) takes no chunked upload); send the ARCHIVE again"
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

    func masked(_ text: String) -> String { StoreText.masked(text, hiding: address.token.secret) }

    func error(
        _ code: ObjectStoreError.Code,
        _ cause: String,
        _ answer: StoreAnswer,
        attempts: Int = 1,
        advice: String
    ) -> ObjectStoreError {
        let count = attempts > 1 ? ", attempt \(attempts)" : ""
        let text = answer.errorText(hiding: address.token.secret)
        let quoted = text.isEmpty ? "" : ": \(text)"
        return ObjectStoreError(
            code,
            "\(cause) (HTTP \(answer.status) from \(authority)\(count)\(quoted)); \(advice)",
            status: answer.status
        )
    }
}
