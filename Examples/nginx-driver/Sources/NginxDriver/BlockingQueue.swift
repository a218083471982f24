// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Dispatch
import SteelyardCore

/// Runs blocking calls on threads outside Swift's cooperative pool.
struct BlockingQueue: Sendable {
    private let queue: DispatchQueue

    init(label: String, attributes: DispatchQueue.Attributes = []) {
        queue = DispatchQueue(label: label, attributes: attributes)
    }

    func run<Success: Sendable>(
        _ body: @escaping @Sendable () throws(DriverError) -> Success
    ) async throws(DriverError) -> Success {
        let result: Result<Success, DriverError> = await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: Result(catching: body)) }
        }
        return try result.get()
    }
}
