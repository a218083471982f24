// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// What is wrong with an object that a store has taken.
extension StoreFailures {
    /// The store's checksum is not ours, and so the object is removed.
    func mismatch(_ answer: StoreAnswer) -> ObjectStoreError {
        ObjectStoreError(
            .checksumMismatch,
            "the object arrived damaged: its checksum at \(authority) is not the one that was sent, and it was removed;"
                + " send the ARCHIVE again",
            status: answer.status
        )
    }

    /// The store has confirmed an object of which it cannot have had the end, and so the object is removed.
    func takenTooEarly(_ answer: StoreAnswer) -> ObjectStoreError {
        ObjectStoreError(
            .checksumMismatch,
            "the object store confirmed the object before its end (HTTP \(answer.status) from \(authority)), and it was"
                + " removed; check whether the endpoint is an OpenStack Swift",
            status: answer.status
        )
    }

    /// The store reports no checksum.
    func unconfirmed(_ answer: StoreAnswer) -> ObjectStoreError {
        ObjectStoreError(
            .checksumMismatch,
            "the object store did not confirm the object's checksum (HTTP \(answer.status) from \(authority));"
                + " check whether the endpoint is an OpenStack Swift",
            status: answer.status
        )
    }

    /// The store reports a checksum that is no MD5 of what it has.
    ///
    /// - Parameter isKept: Whether the object stays in the store.
    func incomparable(_ answer: StoreAnswer, isKept: Bool) -> ObjectStoreError {
        ObjectStoreError(
            .checksumMismatch,
            "the object store's checksum cannot be compared, because its ETag is no MD5 (HTTP \(answer.status) from"
                + " \(authority)); \(isKept ? "\(objectPath) stays as it is: " : "")have the proxy in front of the store"
                + " pass ETags unchanged",
            status: answer.status,
            mayBeStored: isKept
        )
    }

    /// The object that should be removed is not one of this upload.
    func notRemoved(_ error: ObjectStoreError) -> ObjectStoreError {
        let message = error.message.replacing(Self.removed, with: ", and another object is in its place, which stays")
        return ObjectStoreError(error.code, message, status: error.status, mayBeStored: false)
    }

    /// An object that should have been removed is still there.
    func leftBehind(_ error: ObjectStoreError) -> ObjectStoreError {
        let message = error.message.replacing(Self.removed, with: ", and it could not be removed")
        return ObjectStoreError(error.code, "\(message); remove the object \(objectPath)", status: error.status)
    }

    /// An earlier attempt may have stored the object, and the store does not say whether it has.
    func inDoubt(_ error: ObjectStoreError) -> ObjectStoreError {
        ObjectStoreError(error.code, error.message, status: error.status, mayBeStored: true)
    }

    /// No request was begun that could have stored the object.
    func nothingStored(_ error: ObjectStoreError) -> ObjectStoreError {
        ObjectStoreError(error.code, error.message, status: error.status, mayBeStored: false)
    }

    static let removed = ", and it was removed"
}
