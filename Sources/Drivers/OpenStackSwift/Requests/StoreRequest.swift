// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// A request of a state machine.
enum StoreRequest: Hashable, StoreRequestKind {
    /// The way in which a request sends its content.
    struct Framing: Hashable {
        /// Whether the content waits for the store's `100 Continue`.
        var expectsContinue = true
        /// The size of the content to send.
        var extent: ContentPart.Extent
    }

    /// Request the object's metadata.
    case headObject(isSettling: Bool)
    /// Create a container; an existing one is unchanged.
    case putContainer(StoreContainer)
    /// Read the content and count its bytes, without a request to the store.
    case countContent
    /// Restart the content and send it as the object in one PUT.
    case putObject(attempt: UploadAttempt, framing: Framing)
    /// Send a segment. Number 0 restarts the content, the others continue it.
    case putSegment(SegmentName, framing: Framing)
    case headSegment(SegmentName)
    /// Request the metadata of a segment of an existing object.
    case checkSegment(SegmentName)
    case deleteSegment(SegmentName)
    /// Send the manifest.
    case putManifest(SegmentManifest, expectsContinue: Bool)
    /// Remove the object; of an object in segments, only the manifest.
    case deleteObject
    /// List the segments of an upload, from the start or after a name.
    case listSegments(after: String?)
    /// Remove an abandoned segment.
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
