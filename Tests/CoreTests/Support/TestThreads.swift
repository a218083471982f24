// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem

extension ArchiveThreads {
    /// The system's threads, two of them to compress.
    static let test = ArchiveThreads(compressors: 2) { try ThreadExecutor(name: $0) }
}
