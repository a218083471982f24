// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import LogArchiving
import SteelyardSystem

extension ArchiveThreads {
    /// Dedicated threads, two of them for compression.
    package static let test = ArchiveThreads(compressors: 2) { try ThreadExecutor(name: $0) }
}
