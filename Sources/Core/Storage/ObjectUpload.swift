// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// One object to store.
public struct ObjectUpload: Sendable {
    /// Identifies the upload; another call with the same identifier continues the upload.
    public let id: UploadID
    /// The object's path.
    public let path: ObjectPath
    /// The store's URL, up to the account.
    public let endpoint: StorageEndpoint
    /// The credentials for the store.
    public let credentials: StorageCredentials
    /// An estimate of the content's size in bytes, usually an upper limit; nil if unknown.
    ///
    /// The content may be larger.
    public let byteEstimate: UInt64?
    /// Whether no earlier call for this upload can have stored it, so that its name is new.
    ///
    /// A store that denies access to the first query is then sent the object anyway.
    public let isFresh: Bool
    /// Starts the content; called again for each attempt.
    ///
    /// Several objects are made in one pass over the log and wait for each other: release a body that is no longer
    /// needed.
    public let makeBody: @Sendable () throws(ObjectStoreError) -> any ObjectBody

    /// Creates an upload.
    public init(
        id: UploadID = UploadID(),
        path: ObjectPath,
        endpoint: StorageEndpoint,
        credentials: StorageCredentials,
        byteEstimate: UInt64? = nil,
        isFresh: Bool = true,
        makeBody: @escaping @Sendable () throws(ObjectStoreError) -> any ObjectBody
    ) {
        self.id = id
        self.path = path
        self.endpoint = endpoint
        self.credentials = credentials
        self.byteEstimate = byteEstimate
        self.isFresh = isFresh
        self.makeBody = makeBody
    }
}
