// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore

/// What the headers of an answer tell about an object in OpenStack Swift.
extension StoreAnswer {
    /// The upload that the object is a result of.
    var uploadID: UploadID? { ownHeader(StoreHeader.upload).flatMap { UploadID($0) } }

    /// The attempt of that upload.
    var attempt: UploadAttempt? { ownHeader(StoreHeader.attempt).flatMap { UploadAttempt($0) } }

    /// Whether the object is a list of segments.
    var isSegmented: Bool { ownHeader("X-Static-Large-Object")?.lowercased() == "true" }
}
