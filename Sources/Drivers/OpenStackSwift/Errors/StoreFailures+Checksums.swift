// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// The errors of an object that the store has accepted.
extension StoreFailures {
    /// Creates the error of a wrong checksum; the object is removed.
    func mismatch(_ answer: StoreAnswer) -> ObjectStoreError {
        ObjectStoreError(
            .checksumMismatch,
            "the object was corrupted in transit: its checksum at \(authority) is wrong, and it was removed;"
                + " send the ARCHIVE again",
            status: answer.status
        )
    }

    /// Creates the error of an object that the store confirmed before its end was sent; the object is removed.
    func takenTooEarly(_ answer: StoreAnswer) -> ObjectStoreError {
        ObjectStoreError(
            .checksumMismatch,
            "the object store confirmed the object before its end (HTTP \(answer.status) from \(authority)), and it was"
                + " removed; check whether the endpoint is OpenStack Swift",
            status: answer.status
        )
    }

    /// Creates the error of a store that reports no checksum.
    func unconfirmed(_ answer: StoreAnswer) -> ObjectStoreError {
        ObjectStoreError(
            .checksumMismatch,
            "the object store did not confirm the object's checksum (HTTP \(answer.status) from \(authority));"
                + " check whether the endpoint is OpenStack Swift",
            status: answer.status
        )
    }

    /// Creates the error of a store whose checksum is not an MD5.
    ///
    /// - Parameter isKept: Whether the object remains in the store.
    func incomparable(_ answer: StoreAnswer, isKept: Bool) -> ObjectStoreError {
        ObjectStoreError(
            .checksumMismatch,
            "the object store's checksum cannot be compared, because its ETag is not an MD5 (HTTP \(answer.status) from"
                + " \(authority)); \(isKept ? "\(objectPath) is unchanged; " : "")make the proxy in front of the store"
                + " pass ETags unchanged",
            status: answer.status,
            mayBeStored: isKept
        )
    }

    /// Creates the error of an object that belongs to another upload and is not removed.
    func notRemoved(_ error: ObjectStoreError) -> ObjectStoreError {
        let message = error.message.replacing(Self.removed, with: ", and another object has replaced it, which is kept")
        return ObjectStoreError(error.code, message, status: error.status, mayBeStored: false)
    }

    /// Creates the error of an object that could not be removed.
    func leftBehind(_ error: ObjectStoreError) -> ObjectStoreError {
        let message = error.message.replacing(Self.removed, with: ", and it could not be removed")
        return ObjectStoreError(error.code, "\(message); remove the object \(objectPath)", status: error.status)
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
