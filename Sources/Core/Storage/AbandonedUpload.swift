// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// An upload that ended without a result, for example because the agent was killed.
public struct AbandonedUpload: Hashable, Sendable {
    /// The upload's identifier.
    public let id: UploadID
    /// The path of its object.
    public let path: ObjectPath

    /// Creates a description of an upload.
    public init(id: UploadID, path: ObjectPath) {
        self.id = id
        self.path = path
    }
}
