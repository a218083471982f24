// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import LogArchiving
import SteelyardSystem

extension ArchiveThreads {
    /// The system's threads, two of them to compress.
    package static let test = ArchiveThreads(compressors: 2) { try ThreadExecutor(name: $0) }
}
