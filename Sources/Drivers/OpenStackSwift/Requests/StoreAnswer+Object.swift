// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// The headers of a response that describe an object in OpenStack Swift.
extension StoreAnswer {
    /// The upload that created the object.
    var uploadID: UploadID? { ownHeader(StoreHeader.upload).flatMap { UploadID($0) } }

    /// The attempt of that upload.
    var attempt: UploadAttempt? { ownHeader(StoreHeader.attempt).flatMap { UploadAttempt($0) } }

    /// Whether the object is a manifest.
    var isSegmented: Bool { ownHeader("X-Static-Large-Object")?.lowercased() == "true" }
}
