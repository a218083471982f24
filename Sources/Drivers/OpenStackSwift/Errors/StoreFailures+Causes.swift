// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// The cause of a failure, as a code and a sentence, and what to do about it.
extension StoreFailures {
    func explanation(of answer: StoreAnswer) -> (ObjectStoreError.Code, cause: String, advice: String) {
        switch AnswerKind(answer.status) {
        case .unauthorized:
            (
                .unauthorized, "the object store does not accept the token",
                "it is wrong or has expired: send the ARCHIVE again with a new token"
            )
        case .forbidden:
            (
                .forbidden, "the object store denies access",
                "either the token has expired: send the ARCHIVE again with a new token; or it gives no access to read and"
                    + " write this account or container: check the endpoint and the base path"
            )
        case .notFound: (.notFound, "the object store has no such account", "check the endpoint")
        case .alreadyExists:
            (.alreadyExists, "the object exists already and is not overwritten", "\(objectPath) stays as it is")
        case .lengthRequired:
            (
                .unsupported, "the object store refuses the upload, also with a Content-Length",
                "check the proxy in front of the store"
            )
        case .tooLarge where answer.mentions("quota"):
            (
                .tooLarge, "the object store's quota is exceeded",
                "remove objects, or have the quota of the container or account raised"
            )
        case .tooLarge:
            (.tooLarge, "the object is larger than the object store takes", "lower archive.segment_bytes")
        case .expectationFailed:
            (
                .refused, "the object store refuses the upload, with and without Expect",
                "check the proxy in front of the store"
            )
        case .damaged: (.checksumMismatch, "the object arrived damaged", "send the ARCHIVE again")
        case .redirected:
            (.refused, "the object store redirects, which is not followed", "use the store's own address as endpoint")
        case .gaveUp: (.timedOut, "the object store gave up the upload", "send the ARCHIVE again later")
        case .failed: (.unavailable, "the object store failed", "see its log, then send the ARCHIVE again")
        case .refused: (.refused, "the object store refuses the object", "check whether the endpoint is right")
        }
    }
}
