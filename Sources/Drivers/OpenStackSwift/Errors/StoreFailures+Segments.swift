// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// The errors of an object in segments.
extension StoreFailures {
    /// Creates the error of an object with too many segments.
    func tooManySegments() -> ObjectStoreError {
        ObjectStoreError(
            .tooLarge,
            "the object needs more than \(SegmentManifest.greatestCount) segments, the limit of object stores;"
                + " raise archive.segment_bytes"
        )
    }

    /// Creates the error of segments that could not be removed: the upload still needs a clean-up.
    func segmentsLeftBehind(_ error: ObjectStoreError) -> ObjectStoreError {
        ObjectStoreError(
            error.code,
            "\(error.message); segments could not be removed: remove everything in \(segmentsFolder)",
            status: error.status,
            mayBeStored: true
        )
    }

    /// Creates the error of a manifest that may or may not be stored, so that its segments must be kept.
    func unclear(_ error: ObjectStoreError) -> ObjectStoreError {
        ObjectStoreError(
            error.code,
            "\(error.message); the object may exist anyway: look for \(objectPath), and if it does not exist,"
                + " remove everything in \(segmentsFolder)",
            status: error.status,
            mayBeStored: true
        )
    }

    /// Creates the error of a store that has stored the manifest as an ordinary object.
    func manifestStoredAsObject(_ answer: StoreAnswer) -> ObjectStoreError {
        ObjectStoreError(
            .unsupported,
            "the object store lacks Static Large Objects: it stored the manifest itself (HTTP \(answer.status) from"
                + " \(authority))\(Self.removed); \(Self.largeObjectAdvice)",
            status: answer.status,
            mayBeStored: false
        )
    }

    /// Creates the error of a store that rejects the manifest.
    func manifestRefused(_ answer: StoreAnswer) -> ObjectStoreError {
        error(
            .unsupported,
            "the object store rejects the manifest, maybe for lack of Static Large Objects",
            answer,
            advice: Self.largeObjectAdvice
        )
    }

    /// Creates the error of an object of an earlier call with missing segments; the object is removed.
    func segmentsMissing() -> ObjectStoreError {
        ObjectStoreError(
            .checksumMismatch,
            "\(objectPath) at \(authority) is corrupt, because segments are missing or wrong, and is replaced; if"
                + " this continues, remove it",
            mayBeStored: true
        )
    }

    /// Creates the error of an object of this upload whose segments cannot be verified.
    func segmentsUnknown() -> ObjectStoreError {
        ObjectStoreError(
            .refused,
            "\(objectPath) at \(authority) has segments, but the store does not report their names or sizes; check"
                + " whether the object is complete, and remove it if it is not",
            mayBeStored: true
        )
    }

    /// Creates the error of an object whose metadata does not name the attempt of its segments.
    func segmentsInUse() -> ObjectStoreError {
        ObjectStoreError(
            .refused,
            "\(objectPath) at \(authority) has segments of an unknown upload; nothing was removed: remove segments that"
                + " it does not use from \(segmentsFolder)"
        )
    }

    /// Creates the error of an object whose segments the token is not allowed to list.
    func cannotAsk(_ answer: StoreAnswer) -> ObjectStoreError {
        error(
            .forbidden,
            "the token is not allowed to list the segments of \(objectPath), so none were removed",
            answer,
            advice: "use a token that may read, or remove segments that the object does not use from \(segmentsFolder)"
        )
    }

    /// The path of the segments, with `***` for the token.
    var segmentsFolder: String { masked("\(address.segmentsContainer)/\(address.path.name)/") }

    private static let largeObjectAdvice =
        "enable slo in the store's pipeline, or raise archive.segment_bytes so that no object needs segments"
}
