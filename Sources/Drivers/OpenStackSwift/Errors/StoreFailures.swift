// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// Makes the errors of one object: the cause first, then the store and its own text, then what to do.
struct StoreFailures: StoreFailureTexts {
    let address: ObjectAddress

    var endpoint: StorageEndpoint { address.endpoint }
    /// The object's place, with `***` for the token.
    var objectPath: String { masked(address.path.description) }
    var secrets: [String] { [address.token.secret] }

    /// What an answer other than success means.
    ///
    /// - Parameter attempts: Which attempt it is the answer to, from 1.
    func error(for answer: StoreAnswer, attempts: Int = 1) -> ObjectStoreError {
        let (code, cause, advice) = explanation(of: answer)
        return error(code, cause, answer, attempts: attempts, advice: advice)
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

    /// What it means that a request had no success.
    func failure(_ result: ExchangeResult, attempts: Int) -> FailedRequest {
        switch result.end {
        case .answered(let answer):
            let kind = AnswerKind(answer.status)
            return FailedRequest(
                error: error(for: answer, attempts: attempts),
                mayPass: kind.mayPass,
                retryAfter: answer.retryAfter,
                // A server that fails after the last byte may have stored it all the same.
                mayBeDone: kind == .failed || kind == .gaveUp
            )
        case .broke(let error):
            return FailedRequest(error: self.error(for: error), mayPass: error.kind.mayPass, mayBeDone: true)
        case .stopped(let error): return FailedRequest(error: error, mayBeDone: true)
        // Of a request whose content has no such limit.
        case .outgrown, .counted: return FailedRequest(error: tooManySegments())
        }
    }
}
