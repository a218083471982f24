// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// The cause of a failure as a code and a sentence, and the remedy.
extension StoreFailures {
    func explanation(of answer: StoreAnswer) -> (ObjectStoreError.Code, cause: String, advice: String) {
        switch AnswerKind(answer.status) {
        case .unauthorized:
            (
                .unauthorized, "the object store rejects the token",
                "it is invalid or has expired; send the ARCHIVE again with a new token"
            )
        case .forbidden:
            (
                .forbidden, "the object store denies access",
                "either the token has expired: send the ARCHIVE again with a new token; or it may not read and"
                    + " write this account or container: check the endpoint and the base path"
            )
        case .notFound: (.notFound, "the account does not exist in the object store", "check the endpoint")
        case .alreadyExists:
            (.alreadyExists, "the object already exists and is not overwritten", "\(objectPath) is unchanged")
        case .lengthRequired:
            (
                .unsupported, "the object store rejects the upload, even with a Content-Length",
                "check the proxy in front of the store"
            )
        case .tooLarge where answer.mentions("quota"):
            (
                .tooLarge, "the object store's quota is exceeded",
                "remove objects, or raise the quota of the container or account"
            )
        case .tooLarge:
            (.tooLarge, "the object exceeds the object store's size limit", "lower archive.segment_bytes")
        case .expectationFailed:
            (
                .refused, "the object store rejects the upload, with and without Expect",
                "check the proxy in front of the store"
            )
        case .damaged: (.checksumMismatch, "the object was corrupted in transit", "send the ARCHIVE again")
        case .redirected:
            (.refused, "the object store redirects, which is not followed", "use the store's own address as endpoint")
        case .gaveUp: (.timedOut, "the object store aborted the upload", "send the ARCHIVE again later")
        case .failed: (.unavailable, "the object store failed", "check its log, then send the ARCHIVE again")
        case .refused: (.refused, "the object store rejects the object", "check the endpoint")
        }
    }
}
