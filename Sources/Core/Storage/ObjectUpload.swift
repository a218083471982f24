// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// One object to be stored.
public struct ObjectUpload: Sendable {
    /// Identifies the upload; another call with the same identifier goes on with the same upload.
    public let id: UploadID
    /// The object's place.
    public let path: ObjectPath
    /// The store's URL, up to the account.
    public let endpoint: StorageEndpoint
    /// Gives access to it.
    public let credentials: StorageCredentials
    /// About how many bytes the content has at most; nil where that is unknown.
    ///
    /// The content may turn out larger.
    public let byteEstimate: UInt64?
    /// Whether no earlier call for this upload can have stored it, so that its name is new.
    ///
    /// A store that denies access to the first question is then sent the object all the same.
    public let isFresh: Bool
    /// Begins the content; called again for each attempt.
    ///
    /// Several objects are made in one reading of the log, each waiting for the others: release a body that is no longer
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
