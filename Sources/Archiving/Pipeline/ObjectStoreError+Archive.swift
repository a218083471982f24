// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

extension ObjectStoreError {
    /// What ends an upload when its job is cancelled; the job says why.
    static let cancelledArchive = ObjectStoreError(.cancelled, "the ARCHIVE was cancelled")

    /// What a body gets that is still read after a later attempt has begun.
    static let supersededAttempt = ObjectStoreError(.sourceFailed, "a later attempt has begun this object anew")
}
