// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// What a state machine wants to be requested next.
enum S3Request: Hashable, StoreRequestKind {
    /// Ask for the object.
    case headObject(isSettling: Bool)
    /// Ask for the object's first byte: an answer to a HEAD has no content, and so does not say why it failed.
    case getObject
    case createBucket
    /// Make the next bytes of the content and keep them, without a request to the store.
    ///
    /// - Parameters:
    ///   - isFirst: Whether the content is begun anew.
    ///   - limit: How many bytes at most.
    case readPart(isFirst: Bool, limit: UInt64)
    /// Send what was read as the object.
    ///
    /// - Parameter isConditional: Whether the store is asked to overwrite nothing.
    case putObject(isConditional: Bool)
    /// Begin an upload in parts.
    case createUpload
    /// Send what was read as a part.
    case putPart(number: Int, upload: String)
    /// Make the parts one object.
    case completeUpload(String, PartList, isConditional: Bool)
    /// Remove the parts of an upload.
    case abortUpload(String)
    /// List the uploads in parts of the object's key.
    case listUploads(isCleanUp: Bool)
    /// Remove the parts of an upload that was left by an earlier one.
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
