// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// The cause of a failure as a code and a sentence, and the remedy.
extension S3Failures {
    func explanation(of answer: StoreAnswer) -> (ObjectStoreError.Code, cause: String, advice: String) {
        let kind = S3ErrorKind(answer)
        switch kind {
        case .unauthorized, .wrongClock, .forbidden, .wrongRegion, .redirected:
            return accessExplanation(of: kind, answer)
        case .noSuchBucket, .bucketOwned, .bucketTaken, .invalidBucket: return bucketExplanation(of: kind)
        case .noSuchUpload:
            return (
                .unavailable, "the object store no longer has the uploaded parts",
                "check whether a lifecycle rule or another program aborts multipart uploads"
            )
        case .notFound: return (.notFound, "the object store reports nothing at this URL", "check the endpoint")
        case .alreadyExists:
            return (
                .alreadyExists, "the object already exists and is not overwritten", "\(objectPath) is unchanged"
            )
        case .conflict:
            return (
                .unavailable, "the object store rejects the upload because of a concurrent request for the same name",
                "send the ARCHIVE again later"
            )
        case .tooLarge:
            return (.tooLarge, "the object exceeds the object store's size limit", "lower archive.segment_bytes")
        case .partTooSmall:
            return (
                .refused, "the object store requires larger parts",
                "raise archive.segment_bytes and s3.part_bytes to 5242880 or more"
            )
        case .quota:
            return (
                .tooLarge, "the object store's quota is exceeded", "remove objects, or ask for a higher quota"
            )
        case .damaged: return (.checksumMismatch, "the object was corrupted in transit", "send the ARCHIVE again")
        case .notImplemented:
            return (
                .unsupported, "the object store does not implement a request that Steelyard needs",
                "use a store that supports multipart uploads"
            )
        case .busy: return (.timedOut, "the object store is busy", "send the ARCHIVE again later")
        case .failed: return (.unavailable, "the object store failed", "check its log, then send the ARCHIVE again")
        case .invalidPart, .lengthRequired, .refused:
            return (.refused, "the object store rejects the object", "check the endpoint")
        }
    }

    private func accessExplanation(
        of kind: S3ErrorKind,
        _ answer: StoreAnswer
    ) -> (ObjectStoreError.Code, cause: String, advice: String) {
        switch kind {
        case .unauthorized:
            (
                .unauthorized, "the object store rejects the access key",
                "it is invalid or has expired; send the ARCHIVE again with a new access key, secret key and token"
            )
        case .wrongClock:
            (
                .unauthorized, "the object store rejects the time of the request",
                "correct this device's clock, for example with NTP"
            )
        case .wrongRegion:
            (
                .refused, "the bucket is not in region \(masked(address.credentials.region))",
                regionAdvice(answer)
            )
        case .redirected:
            (
                .refused, "the object store redirects, which is not followed",
                "use the bucket's regional endpoint, and its region in hpcs_object_store_region"
            )
        default:
            (
                .forbidden, "the object store denies access",
                "grant the access key permission to read and write this bucket, or check the endpoint and the base path"
            )
        }
    }

    private func regionAdvice(_ answer: StoreAnswer) -> String {
        guard let region = answer.bucketRegion, (1...64).contains(region.utf8.count) else {
            return "set hpcs_object_store_region, and use the endpoint of that region"
        }
        let name = StoreText.line(region, hiding: secrets)
        return "set hpcs_object_store_region to \(name), and use the endpoint of that region"
    }

    private func bucketExplanation(
        of kind: S3ErrorKind
    ) -> (ObjectStoreError.Code, cause: String, advice: String) {
        switch kind {
        case .bucketTaken:
            (
                .forbidden, "the bucket belongs to another account",
                "use another bucket in hpcs_object_store_basepath"
            )
        case .invalidBucket:
            (
                .refused, "the object store rejects the bucket's name",
                "use 3 to 63 lower-case letters, digits and hyphens as the bucket in hpcs_object_store_basepath"
            )
        default:
            (
                .notFound, "the bucket does not exist",
                "create it, or set s3.create_bucket to true, and check the base path"
            )
        }
    }

    /// Creates the error of a missing bucket that the access key may not create.
    func cannotCreateBucket(_ answer: StoreAnswer) -> ObjectStoreError {
        error(
            .forbidden,
            "the bucket does not exist, and the access key may not create it",
            answer,
            advice: "create the bucket, or grant the permission s3:CreateBucket"
        )
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
                + " is unchanged; send the ARCHIVE again with an access key that may read and write",
            status: error.status,
            mayBeStored: true
        )
    }
}
