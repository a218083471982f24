// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

extension ObjectStoreError {
    /// Ends an upload whose job is cancelled; the job supplies the reason.
    static let cancelledArchive = ObjectStoreError(.cancelled, "the ARCHIVE was cancelled")

    /// The error of a body that is read after a later attempt has started.
    static let supersededAttempt = ObjectStoreError(.sourceFailed, "a later attempt at this upload has started")
}
