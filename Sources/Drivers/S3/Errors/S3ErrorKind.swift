// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores

/// The meaning of an error response, by the error code in its content, or else by its status.
enum S3ErrorKind: Hashable {
    case unauthorized, wrongClock, forbidden, wrongRegion, redirected
    case noSuchBucket, noSuchUpload, notFound
    case alreadyExists, conflict, bucketOwned, bucketTaken, invalidBucket
    case tooLarge, partTooSmall, invalidPart, lengthRequired, quota
    case damaged, notImplemented, busy, failed, refused

    init(_ answer: StoreAnswer) {
        let known = S3ErrorBody(answer).flatMap { Self.byCode[$0.code] }
        self = known ?? Self(status: answer.status)
    }

    /// Whether another attempt may succeed.
    var mayPass: Bool { [.conflict, .damaged, .busy, .failed].contains(self) }

    /// Whether the store may have executed the request anyway.
    var mayBeDone: Bool { self == .failed || self == .busy }

    private init(status: Int) {
        self =
            switch AnswerKind(status) {
            case .unauthorized: .unauthorized
            case .forbidden: .forbidden
            case .notFound: .notFound
            case .alreadyExists: .alreadyExists
            case .tooLarge: .tooLarge
            case .lengthRequired: .lengthRequired
            case .gaveUp: .busy
            case .failed: status == 501 ? .notImplemented : .failed
            case .redirected: .redirected
            case .expectationFailed, .damaged, .refused: status == 409 ? .conflict : .refused
            }
    }

    private static let byCode: [String: S3ErrorKind] = [
        "AccessDenied": .forbidden, "AllAccessDisabled": .forbidden, "AccountProblem": .forbidden,
        "NotSignedUp": .forbidden, "MethodNotAllowed": .forbidden, "InvalidObjectState": .forbidden,
        "InvalidAccessKeyId": .unauthorized, "SignatureDoesNotMatch": .unauthorized, "ExpiredToken": .unauthorized,
        "InvalidToken": .unauthorized, "TokenRefreshRequired": .unauthorized, "InvalidSecurity": .unauthorized,
        "RequestTimeTooSkewed": .wrongClock, "RequestExpired": .wrongClock,
        "PermanentRedirect": .wrongRegion, "TemporaryRedirect": .wrongRegion, "Redirect": .wrongRegion,
        "AuthorizationHeaderMalformed": .wrongRegion, "IllegalLocationConstraintException": .wrongRegion,
        "InvalidLocationConstraint": .wrongRegion, "IncorrectEndpoint": .wrongRegion,
        "NoSuchBucket": .noSuchBucket, "NoSuchUpload": .noSuchUpload, "NoSuchKey": .notFound,
        "PreconditionFailed": .alreadyExists, "ConditionalRequestConflict": .conflict, "OperationAborted": .conflict,
        "BucketAlreadyOwnedByYou": .bucketOwned, "BucketAlreadyExists": .bucketTaken,
        "InvalidBucketName": .invalidBucket,
        "EntityTooLarge": .tooLarge, "EntityTooSmall": .partTooSmall,
        "InvalidPart": .invalidPart, "InvalidPartOrder": .invalidPart,
        "MissingContentLength": .lengthRequired,
        "QuotaExceeded": .quota, "XMinioStorageFull": .quota, "XMinioAdminBucketQuotaExceeded": .quota,
        "TooManyBuckets": .quota,
        "BadDigest": .damaged, "InvalidDigest": .damaged, "XAmzContentSHA256Mismatch": .damaged,
        "IncompleteBody": .damaged,
        "NotImplemented": .notImplemented,
        "SlowDown": .busy, "ServiceUnavailable": .busy, "RequestTimeout": .busy, "Throttling": .busy,
        "RequestLimitExceeded": .busy, "TooManyRequests": .busy,
        "InternalError": .failed,
    ]
}
