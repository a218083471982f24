// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Synchronization

package final class TestJob: JobContext {
    package struct Progress: Hashable {
        package let done: UInt64
        package let total: UInt64

        package init(done: UInt64, total: UInt64) {
            self.done = done
            self.total = total
        }
    }

    package let handle = "H:test:1"
    private let state = Mutex((isCancelled: false, reports: [Progress]()))

    package var isCancelled: Bool { state.withLock { $0.isCancelled } }
    package var reports: [Progress] { state.withLock { $0.reports } }

    package init() {}

    package func cancel() { state.withLock { $0.isCancelled = true } }

    package func report(progress: UInt64, of total: UInt64) {
        state.withLock { $0.reports.append(Progress(done: progress, total: total)) }
    }
}
