// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Synchronization

final class TestJob: JobContext {
    struct Progress: Hashable {
        let done: UInt64
        let total: UInt64
    }

    let handle = "H:test:1"
    private let state = Mutex((isCancelled: false, reports: [Progress]()))

    var isCancelled: Bool { state.withLock { $0.isCancelled } }
    var reports: [Progress] { state.withLock { $0.reports } }

    func cancel() { state.withLock { $0.isCancelled = true } }

    func report(progress: UInt64, of total: UInt64) {
        state.withLock { $0.reports.append(Progress(done: progress, total: total)) }
    }
}
