// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// What is wrong with an object in segments.
extension StoreFailures {
    /// There would be more segments than a manifest may name.
    func tooManySegments() -> ObjectStoreError {
        ObjectStoreError(
            .tooLarge,
            "the object is larger than \(SegmentManifest.greatestCount) segments, the most that an object store takes;"
                + " raise archive.segment_bytes"
        )
    }

    /// Segments that should have been removed are still there: the upload stays to be cleaned up.
    func segmentsLeftBehind(_ error: ObjectStoreError) -> ObjectStoreError {
        ObjectStoreError(
            error.code,
            "\(error.message); segments could not be removed: remove what is in \(segmentsFolder)",
            status: error.status,
            mayBeStored: true
        )
    }

    /// The store does not say whether it has the manifest, and so its segments must stay.
    func unclear(_ error: ObjectStoreError) -> ObjectStoreError {
        ObjectStoreError(
            error.code,
            "\(error.message); the object may be there all the same: look for \(objectPath), and if it is not there,"
                + " remove what is in \(segmentsFolder)",
            status: error.status,
            mayBeStored: true
        )
    }

    /// The store has kept the list of segments as if it were the object.
    func manifestStoredAsObject(_ answer: StoreAnswer) -> ObjectStoreError {
        ObjectStoreError(
            .unsupported,
            "the object store has no Static Large Objects: it stored the list of segments itself (HTTP \(answer.status) from"
                + " \(authority))\(Self.removed); \(Self.largeObjectAdvice)",
            status: answer.status,
            mayBeStored: false
        )
    }

    /// The store refuses the list of segments.
    func manifestRefused(_ answer: StoreAnswer) -> ObjectStoreError {
        error(
            .unsupported,
            "the object store refuses the list of segments, as one without Static Large Objects does",
            answer,
            advice: Self.largeObjectAdvice
        )
    }

    /// Segments are missing of an object that an earlier call has stored, and so the object is to be removed.
    func segmentsMissing() -> ObjectStoreError {
        ObjectStoreError(
            .checksumMismatch,
            "\(objectPath) at \(authority) is damaged, because segments of it are missing or wrong, and is replaced; if"
                + " this goes on, remove it",
            mayBeStored: true
        )
    }

    /// The object is of this upload, and it cannot be found out whether its segments exist.
    func segmentsUnknown() -> ObjectStoreError {
        ObjectStoreError(
            .refused,
            "\(objectPath) at \(authority) is in segments, and the store does not say which they are or how large; check"
                + " whether the object is whole, and remove it if it is not",
            mayBeStored: true
        )
    }

    /// The object is in segments, and its metadata does not say which attempt has sent them.
    func segmentsInUse() -> ObjectStoreError {
        ObjectStoreError(
            .refused,
            "\(objectPath) at \(authority) is in segments and does not say whose; nothing was removed: remove what it"
                + " does not use from \(segmentsFolder)"
        )
    }

    /// Which segments the object consists of is not known, because the token may not ask for it.
    func cannotAsk(_ answer: StoreAnswer) -> ObjectStoreError {
        error(
            .forbidden,
            "the token may not ask which segments \(objectPath) consists of, so that none were removed",
            answer,
            advice: "use a token that may read, or remove what the object does not use from \(segmentsFolder)"
        )
    }

    /// Where the segments are, with `***` for the token.
    var segmentsFolder: String { masked("\(address.segmentsContainer)/\(address.path.name)/") }

    private static let largeObjectAdvice =
        "enable slo in the store's pipeline, or raise archive.segment_bytes so that no object needs segments"
}
