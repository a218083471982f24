// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// A request of a state machine.
enum S3Request: Hashable, StoreRequestKind {
    /// Request the object's metadata.
    case headObject(isSettling: Bool)
    /// Request the object's first byte: the response to a HEAD has no content, and so no cause of a failure.
    case getObject
    case createBucket
    /// Read the next bytes of the content into memory, without a request to the store.
    ///
    /// - Parameters:
    ///   - isFirst: Whether to restart the content.
    ///   - limit: The most bytes to read.
    case readPart(isFirst: Bool, limit: UInt64)
    /// Send the part in memory as the object.
    ///
    /// - Parameter isConditional: Whether to ask the store not to overwrite an object.
    case putObject(isConditional: Bool)
    /// Create a multipart upload.
    case createUpload
    /// Send the part in memory as a part.
    case putPart(number: Int, upload: String)
    /// Complete a multipart upload.
    case completeUpload(String, PartList, isConditional: Bool)
    /// Abort a multipart upload.
    case abortUpload(String)
    /// List the multipart uploads of the object's key.
    case listUploads(isCleanUp: Bool)
    /// Abort an abandoned multipart upload.
    case abortOrphan(String)
    case deleteObject

    var isCleanUp: Bool {
        switch self {
        case .headObject(let isSettling): isSettling
        case .listUploads(let isCleanUp): isCleanUp
        case .abortUpload, .deleteObject: true
        case .getObject, .createBucket, .readPart, .putObject, .createUpload, .putPart, .completeUpload, .abortOrphan:
            false
        }
    }
}
