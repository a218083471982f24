// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// What is wrong with what a store has taken.
extension S3Failures {
    /// The store's checksum is not ours.
    ///
    /// - Parameter isObject: Whether it is the object's, which is then removed; otherwise it is a part's.
    func mismatch(_ answer: StoreAnswer, isObject: Bool) -> ObjectStoreError {
        ObjectStoreError(
            .checksumMismatch,
            "the object arrived damaged: its checksum at \(authority) is not the one that was sent"
                + "\(isObject ? Self.removed : ""); send the ARCHIVE again",
            status: answer.status,
            mayBeStored: false
        )
    }

    /// The store reports no checksum that can be compared.
    func unconfirmed(_ answer: StoreAnswer, isKept: Bool) -> ObjectStoreError {
        ObjectStoreError(
            .checksumMismatch,
            "the object store did not confirm the object's checksum (HTTP \(answer.status) from \(authority));"
                + " \(isKept ? "\(objectPath) stays as it is: " : "")check whether the endpoint is an S3 store, and have a"
                + " proxy in front of it pass ETags unchanged",
            status: answer.status,
            mayBeStored: isKept
        )
    }

    /// The store has begun no upload in parts, although it says so.
    func noUploadID(_ answer: StoreAnswer) -> ObjectStoreError {
        error(
            .refused,
            "the object store's answer has no identifier of an upload in parts",
            answer,
            advice: "check whether the endpoint is an S3 store"
        )
    }

    /// The answer is no list of uploads in parts.
    func noListing(_ answer: StoreAnswer) -> ObjectStoreError {
        error(
            .refused,
            "the object store's answer is no list of uploads in parts",
            answer,
            advice: "check whether the endpoint is an S3 store"
        )
    }

    /// There would be more parts than an object may have.
    func tooManyParts() -> ObjectStoreError {
        ObjectStoreError(
            .tooLarge,
            "the object is larger than \(PartPlan.greatestCount) parts, the most that an object store takes; raise"
                + " s3.part_bytes"
        )
    }

    /// The object that should be removed is not one of this upload, or could not be removed.
    func leftBehind(_ error: ObjectStoreError) -> ObjectStoreError {
        let message = error.message.replacing(Self.removed, with: ", and it could not be removed")
        return ObjectStoreError(
            error.code,
            "\(message); remove the object \(objectPath)",
            status: error.status,
            mayBeStored: true
        )
    }

    /// Parts that should have been removed are still there: the upload stays to be cleaned up.
    func partsLeftBehind(_ error: ObjectStoreError) -> ObjectStoreError {
        ObjectStoreError(
            error.code,
            "\(error.message); parts could not be removed: abort the uploads in parts of \(objectPath)",
            status: error.status,
            mayBeStored: true
        )
    }

    /// An attempt may have stored the object, and the store does not say whether it has.
    func inDoubt(_ error: ObjectStoreError) -> ObjectStoreError {
        ObjectStoreError(error.code, error.message, status: error.status, mayBeStored: true)
    }

    /// No request was begun that could have stored the object.
    func nothingStored(_ error: ObjectStoreError) -> ObjectStoreError {
        ObjectStoreError(error.code, error.message, status: error.status, mayBeStored: false)
    }

    static let removed = ", and it was removed"
}
