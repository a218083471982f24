// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// Creates the errors of one object: the cause first, then the store and its error text, then the remedy.
struct S3Failures: StoreFailureTexts {
    let address: S3Address

    var endpoint: StorageEndpoint { address.endpoint }
    /// The object's path, with `***` for each secret.
    var objectPath: String { masked(address.path.description) }
    var secrets: [String] { address.credentials.secrets }

    /// Creates the error of an unsuccessful response.
    ///
    /// - Parameter attempts: The number of the attempt, from 1.
    func error(for answer: StoreAnswer, attempts: Int = 1) -> ObjectStoreError {
        let (code, cause, advice) = explanation(of: answer)
        return error(code, cause, answer, attempts: attempts, advice: advice)
    }

    func error(
        _ code: ObjectStoreError.Code,
        _ cause: String,
        _ answer: StoreAnswer,
        attempts: Int = 1,
        advice: String
    ) -> ObjectStoreError {
        let count = attempts > 1 ? ", attempt \(attempts)" : ""
        return ObjectStoreError(
            code,
            "\(cause) (HTTP \(answer.status) from \(authority)\(count)\(quoted(answer))); \(advice)",
            status: answer.status
        )
    }

    /// Describes a failed request.
    func failure(_ result: ExchangeResult, attempts: Int) -> FailedRequest {
        switch result.end {
        case .answered(let answer):
            let kind = S3ErrorKind(answer)
            return FailedRequest(
                error: error(for: answer, attempts: attempts),
                mayPass: kind.mayPass,
                retryAfter: answer.retryAfter,
                mayBeDone: kind.mayBeDone
            )
        case .broke(let error):
            return FailedRequest(error: self.error(for: error), mayPass: error.kind.mayPass, mayBeDone: true)
        case .stopped(let error): return FailedRequest(error: error, mayBeDone: true)
        // These cannot occur for a request to a store.
        case .outgrown, .counted:
            return FailedRequest(error: ObjectStoreError(.sourceFailed, "the object's content ended unexpectedly"))
        }
    }

    /// Returns the store's error code and message, or its text if there is no error document.
    private func quoted(_ answer: StoreAnswer) -> String {
        guard let body = S3ErrorBody(answer) else {
            let text = StoreText.masked(answer.errorText(hiding: ""), hiding: secrets)
            return text.isEmpty ? "" : ": \(text)"
        }
        return
            ": \(StoreText.line(body.message.isEmpty ? body.code : "\(body.code), \(body.message)", hiding: secrets))"
    }
}
