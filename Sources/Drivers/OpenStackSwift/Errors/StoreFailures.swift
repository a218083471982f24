// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// Creates the errors of one object: the cause first, then the store and its error text, then the remedy.
struct StoreFailures: StoreFailureTexts {
    let address: ObjectAddress

    var endpoint: StorageEndpoint { address.endpoint }
    /// The object's path, with `***` for the token.
    var objectPath: String { masked(address.path.description) }
    var secrets: [String] { [address.token.secret] }

    /// Creates the error of an unsuccessful response.
    ///
    /// - Parameter attempts: The number of the attempt, from 1.
    func error(for answer: StoreAnswer, attempts: Int = 1) -> ObjectStoreError {
        let (code, cause, advice) = explanation(of: answer)
        return error(code, cause, answer, attempts: attempts, advice: advice)
    }

    /// Creates the error of an existing object from another upload.
    func exists() -> ObjectStoreError {
        ObjectStoreError(
            .alreadyExists,
            "the object already exists and is not overwritten (at \(authority)); \(objectPath) is unchanged"
        )
    }

    /// Creates the error of an existing object from an unknown upload.
    func unknownOwner(_ error: ObjectStoreError) -> ObjectStoreError {
        let status = error.status.map { "HTTP \($0) from \(authority)" } ?? "at \(authority)"
        return ObjectStoreError(
            .unavailable,
            "an object of this name exists, possibly from another upload (\(status)); \(objectPath)"
                + " is unchanged; send the ARCHIVE again with a token that may read and write",
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

    /// Describes a failed request.
    func failure(_ result: ExchangeResult, attempts: Int) -> FailedRequest {
        switch result.end {
        case .answered(let answer):
            let kind = AnswerKind(answer.status)
            return FailedRequest(
                error: error(for: answer, attempts: attempts),
                mayPass: kind.mayPass,
                retryAfter: answer.retryAfter,
                // A server that fails after the last byte may have stored the object anyway.
                mayBeDone: kind == .failed || kind == .gaveUp
            )
        case .broke(let error):
            return FailedRequest(error: self.error(for: error), mayPass: error.kind.mayPass, mayBeDone: true)
        case .stopped(let error): return FailedRequest(error: error, mayBeDone: true)
        // These results require a size limit, which other requests lack.
        case .outgrown, .counted: return FailedRequest(error: tooManySegments())
        }
    }
}
