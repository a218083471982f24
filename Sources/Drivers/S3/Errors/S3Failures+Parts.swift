// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// The errors of an object or of parts that the store has accepted.
extension S3Failures {
    /// Creates the error of a checksum mismatch.
    ///
    /// - Parameter isObject: Whether the checksum is the object's, which is then removed; otherwise it is a part's.
    func mismatch(_ answer: StoreAnswer, isObject: Bool) -> ObjectStoreError {
        ObjectStoreError(
            .checksumMismatch,
            "the object was corrupted in transit: its checksum at \(authority) is wrong"
                + "\(isObject ? Self.removed : ""); send the ARCHIVE again",
            status: answer.status,
            mayBeStored: false
        )
    }

    /// Creates the error of a store that reports no comparable checksum.
    func unconfirmed(_ answer: StoreAnswer, isKept: Bool) -> ObjectStoreError {
        ObjectStoreError(
            .checksumMismatch,
            "the object store did not confirm the object's checksum (HTTP \(answer.status) from \(authority));"
                + " \(isKept ? "\(objectPath) is unchanged; " : "")check that the endpoint is an S3 store, and make a"
                + " proxy in front of it pass ETags unchanged",
            status: answer.status,
            mayBeStored: isKept
        )
    }

    /// Creates the error of a multipart upload that was confirmed without an identifier.
    func noUploadID(_ answer: StoreAnswer) -> ObjectStoreError {
        error(
            .refused,
            "the object store's response contains no multipart upload ID",
            answer,
            advice: "check whether the endpoint is an S3 store"
        )
    }

    /// Creates the error of a response that is not a list of multipart uploads.
    func noListing(_ answer: StoreAnswer) -> ObjectStoreError {
        error(
            .refused,
            "the object store's response is not a list of multipart uploads",
            answer,
            advice: "check whether the endpoint is an S3 store"
        )
    }

    /// Creates the error of an object with too many parts.
    func tooManyParts() -> ObjectStoreError {
        ObjectStoreError(
            .tooLarge,
            "the object needs more than \(PartPlan.greatestCount) parts, the limit of object stores; raise"
                + " s3.part_bytes"
        )
    }

    /// Creates the error of an object that could not be removed, or belongs to another upload.
    func leftBehind(_ error: ObjectStoreError) -> ObjectStoreError {
        let message = error.message.replacing(Self.removed, with: ", and it could not be removed")
        return ObjectStoreError(
            error.code,
            "\(message); remove the object \(objectPath)",
            status: error.status,
            mayBeStored: true
        )
    }

    /// Creates the error of parts that could not be removed: the upload still needs a clean-up.
    func partsLeftBehind(_ error: ObjectStoreError) -> ObjectStoreError {
        ObjectStoreError(
            error.code,
            "\(error.message); parts could not be removed: abort the multipart uploads of \(objectPath)",
            status: error.status,
            mayBeStored: true
        )
    }

    /// Creates the error of an object that may or may not be stored.
    func inDoubt(_ error: ObjectStoreError) -> ObjectStoreError {
        ObjectStoreError(error.code, error.message, status: error.status, mayBeStored: true)
    }

    /// Creates the error of an object that is certainly not stored.
    func nothingStored(_ error: ObjectStoreError) -> ObjectStoreError {
        ObjectStoreError(error.code, error.message, status: error.status, mayBeStored: false)
    }

    static let removed = ", and it was removed"
}
