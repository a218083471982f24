// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import TestServers

/// The agent with three job servers, HAProxy, a store and clients, while random faults are injected; afterwards the
/// results are compared with the clients' records.
package enum FaultSuite {
    /// Executes a run.
    ///
    /// - Throws: If the run itself cannot continue; faults of the agent are in the report.
    package static func run(_ settings: FaultSuiteSettings) async throws -> SuiteReport {
        let file = settings.folder.appending(path: "run.log")
        try Data().write(to: file)
        let log = Mutex(try FileHandle(forWritingTo: file))
        let chronicle = Chronicle { line in
            log.withLock { $0.write(Data((line + "\n").utf8)) }
            settings.output(line)
        }
        let run = try await SuiteRun.start(settings, chronicle)
        let result: Result<Void, any Error>
        do {
            try await run.warmUp()
            var generator = SeededGenerator(seed: settings.seed)
            for round in settings.rounds where !settings.isInterrupted() {
                try await run.make(round, &generator)
                if chronicle.violations.count > 100 { break }
            }
            try await run.delete()
            result = .success(())
        } catch { result = .failure(error) }
        await run.stop()
        do { try result.get() } catch { chronicle.violate("the run cannot continue: \(error)") }
        return run.report()
    }
}
