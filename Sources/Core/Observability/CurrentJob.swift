// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import Logging
import Synchronization

/// The job of the current task: log lines carry its handle, and a driver reports its plan.
package final class CurrentJob: Sendable {
    /// A driver's plan for a change.
    package struct Plan: Hashable, Sendable {
        /// One word that identifies the kind of plan, such as `reload`.
        package let kind: String
        /// A one-line description.
        package let description: String
    }

    /// The job; nil outside of a job.
    @TaskLocal static var current: CurrentJob?

    /// Adds the job's handle to every line logged in a job.
    package static let metadataProvider = Logger.MetadataProvider {
        current.map { [LogKeys.jobHandle: "\($0.handle)"] } ?? [:]
    }

    private let handle: String
    private let reportedPlan = Mutex<Plan?>(nil)
    private let decodedAction = Mutex<ActionKind?>(nil)

    init(handle: String) { self.handle = handle }

    /// The plan that the driver reported last, if any.
    var plan: Plan? { reportedPlan.withLock { $0 } }

    /// Runs a body that creates the task of a job, which then works for that job.
    ///
    /// The body is synchronous: an asynchronous one would leave its executor, and replies could overtake one another.
    package static func begin<Success>(_ handle: String, _ body: () -> Success) -> Success {
        $current.withValue(CurrentJob(handle: handle), operation: body)
    }

    /// Returns a closure that runs the body as part of the current job, on any thread.
    package static func carried<Success>(_ body: @escaping @Sendable () -> Success) -> @Sendable () -> Success {
        let job = current
        return { $current.withValue(job, operation: body) }
    }

    /// Sets the action of the job's message, once it is decoded.
    func begin(_ action: ActionKind) { decodedAction.withLock { $0 = action } }

    /// The action of the current job's message; nil outside of a job.
    package static var action: ActionKind? { current?.decodedAction.withLock { $0 } }

    /// Reports the driver's plan for the current job's change; does nothing outside of a job.
    package static func report(plan kind: String, _ description: String) {
        current?.reportedPlan.withLock { $0 = Plan(kind: kind, description: description) }
    }
}
