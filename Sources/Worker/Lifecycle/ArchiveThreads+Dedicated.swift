// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import LogArchiving
import SteelyardCore
import SteelyardSystem

extension ArchiveThreads {
    /// Threads of the system's, as many of them to compress as there are cores.
    static let dedicated = ArchiveThreads(compressors: min(8, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))) {
        try ThreadExecutor(name: $0)
    }
}
