// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// What a status means to somebody who wants to store something.
enum AnswerKind {
    case unauthorized, forbidden, notFound, alreadyExists, tooLarge, damaged, redirected, gaveUp, failed, refused

    init(_ status: Int) {
        self =
            switch status {
            case 401: .unauthorized
            case 403: .forbidden
            case 404: .notFound
            case 412: .alreadyExists
            case 413: .tooLarge
            case 422: .damaged
            case 300...399: .redirected
            // 498 is Swift's rate limit, 499 its word for a client that went away.
            case 408, 429, 498, 499: .gaveUp
            case 500...599: .failed
            default: .refused
            }
    }

    /// Whether it may be different the next time.
    var mayPass: Bool {
        switch self {
        case .damaged, .gaveUp, .failed: true
        case .unauthorized, .forbidden, .notFound, .alreadyExists, .tooLarge, .redirected, .refused: false
        }
    }
}
