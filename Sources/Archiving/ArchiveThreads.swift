// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The threads that archives are made on, each of its own, since what they do blocks: reading, compressing, sending.
public struct ArchiveThreads: Sendable {
    /// How many threads compress.
    public let compressors: Int
    private let makeExecutor: @Sendable (_ name: String) throws -> any TaskExecutor

    /// Creates a source of threads.
    ///
    /// - Parameters:
    ///   - compressors: How many threads compress: as many as there are cores.
    ///   - makeExecutor: Makes an executor with a thread of its own, which ends with it.
    public init(compressors: Int, makeExecutor: @escaping @Sendable (_ name: String) throws -> any TaskExecutor) {
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
