// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// What a state machine wants to be requested next.
enum StoreRequest: Hashable, StoreRequestKind {
    /// How the content of a request is sent.
    struct Framing: Hashable {
        /// Whether the content waits for the store's `100 Continue`.
        var expectsContinue = true
        /// How much is sent.
        var extent: ContentPart.Extent
    }

    /// Ask for the object.
    case headObject(isSettling: Bool)
    /// Make a container; one that exists stays as it is.
    case putContainer(StoreContainer)
    /// Make the content and count its bytes, without a request to the store.
    case countContent
    /// Send the object in one PUT, its content begun anew.
    case putObject(attempt: UploadAttempt, framing: Framing)
    /// Send a segment. Number 0 begins the content anew, the others go on with it.
    case putSegment(SegmentName, framing: Framing)
    case headSegment(SegmentName)
    /// Ask for a segment of an object that was found.
    case checkSegment(SegmentName)
    case deleteSegment(SegmentName)
    /// Make the segments one object.
    case putManifest(SegmentManifest, expectsContinue: Bool)
    /// Remove the object; of an object in segments, the list of them alone.
    case deleteObject
    /// List the segments of an upload, those after a name or from the beginning.
    case listSegments(after: String?)
    /// Remove a segment that an earlier upload has left.
    case deleteOrphan(SegmentName)

    var isCleanUp: Bool {
        switch self {
        case .headObject(let isSettling): isSettling
        case .headSegment, .deleteSegment, .deleteObject: true
        case .putContainer, .countContent, .putObject, .putSegment, .checkSegment, .putManifest, .listSegments,
            .deleteOrphan:
            false
        }
    }
}
