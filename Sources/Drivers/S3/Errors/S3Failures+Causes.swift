// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// The cause of a failure, as a code and a sentence, and what to do about it.
extension S3Failures {
    func explanation(of answer: StoreAnswer) -> (ObjectStoreError.Code, cause: String, advice: String) {
        let kind = S3ErrorKind(answer)
        switch kind {
        case .unauthorized, .wrongClock, .forbidden, .wrongRegion, .redirected:
            return accessExplanation(of: kind, answer)
        case .noSuchBucket, .bucketOwned, .bucketTaken, .invalidBucket: return bucketExplanation(of: kind)
        case .noSuchUpload:
            return (
                .unavailable, "the object store no longer has the parts that were sent",
                "check whether the bucket's rules or another program abort uploads in parts"
            )
        case .notFound: return (.notFound, "the object store has nothing at this URL", "check the endpoint")
        case .alreadyExists:
            return (
                .alreadyExists, "the object exists already and is not overwritten", "\(objectPath) stays as it is"
            )
        case .conflict:
            return (
                .unavailable, "the object store refuses the upload because of another request for the same name",
                "send the ARCHIVE again later"
            )
        case .tooLarge:
            return (.tooLarge, "the object is larger than the object store takes", "lower archive.segment_bytes")
        case .partTooSmall:
            return (
                .refused, "the object store wants larger parts",
                "raise archive.segment_bytes and s3.part_bytes to 5242880 or more"
            )
        case .quota:
            return (
                .tooLarge, "the object store's quota is exceeded", "remove objects, or have the quota raised"
            )
        case .damaged: return (.checksumMismatch, "the object arrived damaged", "send the ARCHIVE again")
        case .notImplemented:
            return (
                .unsupported, "the object store does not implement a request that Steelyard needs",
                "use a store that supports uploads in parts"
            )
        case .busy: return (.timedOut, "the object store is busy", "send the ARCHIVE again later")
        case .failed: return (.unavailable, "the object store failed", "see its log, then send the ARCHIVE again")
        case .invalidPart, .lengthRequired, .refused:
            return (.refused, "the object store refuses the object", "check whether the endpoint is right")
        }
    }

    private func accessExplanation(
        of kind: S3ErrorKind,
        _ answer: StoreAnswer
    ) -> (ObjectStoreError.Code, cause: String, advice: String) {
        switch kind {
        case .unauthorized:
            (
                .unauthorized, "the object store does not accept the access key",
                "it is wrong or has expired: send the ARCHIVE again with a new access key, secret key and session token"
            )
        case .wrongClock:
            (
                .unauthorized, "the object store does not accept the time of the request",
                "set this device's clock right, for example by NTP"
            )
        case .wrongRegion:
            (
                .refused, "the bucket is in another region than \(masked(address.credentials.region))",
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
                "give the access key the permissions to read and write this bucket, or check the endpoint and the base path"
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
                .refused, "the object store takes no bucket of this name",
                "use 3 to 63 lower-case letters, digits and hyphens as the bucket in hpcs_object_store_basepath"
            )
        default:
            (
                .notFound, "the bucket does not exist",
                "create it, or set s3.create_bucket to true, and check the base path"
            )
        }
    }

    /// The bucket does not exist, and the access key may not create it.
    func cannotCreateBucket(_ answer: StoreAnswer) -> ObjectStoreError {
        error(
            .forbidden,
            "the bucket does not exist, and the access key may not create it",
            answer,
            advice: "create the bucket, or give the permission s3:CreateBucket"
        )
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
                + " stays as it is: send the ARCHIVE again with an access key that may read and write",
            status: error.status,
            mayBeStored: true
        )
    }
}
