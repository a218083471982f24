// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The meaning of a response's status for an upload.
package enum AnswerKind {
    case unauthorized, forbidden, notFound, alreadyExists, lengthRequired, tooLarge, expectationFailed, damaged
    case redirected, gaveUp, failed, refused

    package init(_ status: Int) {
        self =
            switch status {
            case 401: .unauthorized
            case 403: .forbidden
            case 404: .notFound
            case 411: .lengthRequired
            case 412: .alreadyExists
            case 413: .tooLarge
            case 417: .expectationFailed
            case 422: .damaged
            case 300...399: .redirected
            // 498 is Swift's rate limit, 499 its status for a client that has disconnected.
            case 408, 429, 498, 499: .gaveUp
            case 500...599: .failed
            default: .refused
            }
    }

    /// Whether another attempt may succeed.
    package var mayPass: Bool {
        switch self {
        case .damaged, .gaveUp, .failed: true
        case .unauthorized, .forbidden, .notFound, .alreadyExists, .lengthRequired, .tooLarge, .expectationFailed,
            .redirected, .refused:
            false
        }
    }
}
