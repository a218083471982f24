// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import Logging
import Synchronization

/// The job that the present task works for: log lines carry its handle, and a driver reports its plan.
package final class CurrentJob: Sendable {
    /// How a driver makes a change.
    package struct Plan: Hashable, Sendable {
        /// One word, the same for all plans of a kind, such as `reload`.
        package let kind: String
        /// One line for a reader.
        package let description: String
    }

    /// The job; nil outside of any.
    @TaskLocal private static var current: CurrentJob?

    /// Gives every line that is logged in a job the job's handle.
    package static let metadataProvider = Logger.MetadataProvider {
        current.map { [LogKeys.jobHandle: "\($0.handle)"] } ?? [:]
    }

    private let handle: String
    private let reportedPlan = Mutex<Plan?>(nil)

    init(handle: String) { self.handle = handle }

    /// The plan that the driver has reported last; nil if it has reported none.
    var plan: Plan? { reportedPlan.withLock { $0 } }

    /// Runs a body as part of the job.
    func run<Success>(_ body: () async -> Success) async -> Success {
        await Self.$current.withValue(self) { await body() }
    }

    /// Reports how the driver makes the change of the present job; does nothing outside of any.
    package static func report(plan kind: String, _ description: String) {
        current?.reportedPlan.withLock { $0 = Plan(kind: kind, description: description) }
    }
}
