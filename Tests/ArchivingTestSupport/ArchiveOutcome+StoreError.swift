// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import SteelyardCore

extension ArchiveOutcome {
    /// The first error of the store or of the pipeline.
    package var storeError: ObjectStoreError? {
        if case .store(let error) = failure { error } else { nil }
    }
}
