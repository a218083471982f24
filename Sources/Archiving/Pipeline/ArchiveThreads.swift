// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCore
import SteelyardSystem

/// The threads of the archive pipeline, on which calls may block: reading, compressing, sending.
package struct ArchiveThreads: Sendable {
    /// Dedicated system threads, with one compressor per core, at most 8.
    package static let dedicated = ArchiveThreads(compressors: min(8, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))) {
        try ThreadExecutor(name: $0)
    }

    /// The number of compressor threads.
    let compressors: Int
    private let makeExecutor: @Sendable (_ name: String) throws -> any TaskExecutor

    /// Creates a source of threads.
    ///
    /// - Parameters:
    ///   - compressors: The number of compressor threads; at least 1.
    ///   - makeExecutor: Creates an executor with its own thread, which ends with the executor.
    package init(compressors: Int, makeExecutor: @escaping @Sendable (_ name: String) throws -> any TaskExecutor) {
        self.compressors = max(1, compressors)
        self.makeExecutor = makeExecutor
    }

    func make(_ name: String) throws(ObjectStoreError) -> any TaskExecutor {
        do { return try makeExecutor(name) } catch { throw ObjectStoreError(.unavailable, "\(error)") }
    }

    func make(_ name: String, count: Int) throws(ObjectStoreError) -> [any TaskExecutor] {
        var executors: [any TaskExecutor] = []
        for _ in 0..<count { executors.append(try make(name)) }
        return executors
    }
}
