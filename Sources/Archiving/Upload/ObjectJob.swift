// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// One object that is to be made.
struct ObjectJob: Sendable {
    /// The load balancer.
    let id: Identifier
    /// The lines that the object has.
    let part: LogPart
    /// Names the object before each try; called again with what it gave if another object has the name.
    let announce:
        @Sendable (_ taken: ArchiveRecord.Announcement?) throws(ObjectStoreError) -> ArchiveRecord.Announcement
    /// Whether the object gets another name if another object has it.
    let takesNextName: Bool
}

/// An object that the store has confirmed.
struct UploadedObject: Sendable {
    let announcement: ArchiveRecord.Announcement
    let byteCount: UInt64
    /// nil if an earlier ARCHIVE had stored it, so that its content was not made.
    let lineCount: UInt64?
}

/// What has become of an object.
struct UploadFailure: Error, Sendable {
    let error: ObjectStoreError
    /// What was announced last; nil if nothing was.
    let announcement: ArchiveRecord.Announcement?
}
