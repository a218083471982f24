// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// One object to upload.
struct ObjectJob: Sendable {
    /// The load balancer.
    let id: Identifier
    /// The lines of the object.
    let part: LogPart
    /// Names the object before each attempt; called again with its last result if another object has that name.
    let announce:
        @Sendable (_ taken: ArchiveRecord.Announcement?) throws(ObjectStoreError) -> ArchiveRecord.Announcement
    /// Whether to try the next name if another object has this one.
    let takesNextName: Bool
}

/// An object that the store has confirmed.
struct UploadedObject: Sendable {
    let announcement: ArchiveRecord.Announcement
    let byteCount: UInt64
    /// nil if an earlier ARCHIVE stored the object, so that its content was not read again.
    let lineCount: UInt64?
}

/// The failure of an upload.
struct UploadFailure: Error, Sendable {
    let error: ObjectStoreError
    /// The last announcement; nil if there was none.
    let announcement: ArchiveRecord.Announcement?
}
