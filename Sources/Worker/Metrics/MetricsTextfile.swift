// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore
import SteelyardMetrics
import SteelyardSystem
import Synchronization
import SystemPackage

/// Writes the metrics to a file for node_exporter's textfile collector at each interval.
final class MetricsTextfile: Sendable {
    /// The time between two writes, which is the largest age of the values that Prometheus reads.
    static let interval = Duration.seconds(15)

    let path: String
    private let collector: MetricsCollector
    private let logger: Logger
    /// Whether the last attempt failed: only the first failure is a warning.
    private let hasFailed = Atomic(false)

    init(path: String, collector: MetricsCollector, logger: Logger) {
        self.path = path
        self.collector = collector
        self.logger = logger
    }

    /// Writes the file repeatedly until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            await write()
            try? await Task.sleep(for: Self.interval)
        }
    }

    /// Replaces the file.
    func write() async {
        let bytes = Array(await collector.text(as: .prometheus).utf8)
        let result = try? await DedicatedThread.run(name: "metrics-file") { [path] in
            Result { () throws(FileError) in
                // Not flushed to the disk: after a crash of the machine, the next agent replaces the file.
                try PreparedFile(bytes, for: FilePath(path), permissions: Self.permissions, isFlushed: false)
                    .commit(isFlushed: false)
            }
        }
        switch result {
        case .success?: hasFailed.store(false, ordering: .relaxed)
        case .failure(let error)?: note("\(error)")
        case nil: note("cannot start a thread")
        }
    }

    /// Removes the file: node_exporter would continue to export its old values.
    func remove() async {
        _ = try? await DedicatedThread.run(name: "metrics-file") { [path] in
            try? AtomicFile.remove(FilePath(path), isFlushed: false)
        }
    }

    /// node_exporter runs as another user.
    private static let permissions = FilePermissions(rawValue: 0o644)

    private func note(_ error: String) {
        let isNew = !hasFailed.exchange(true, ordering: .relaxed)
        logger.log(
            level: isNew ? .warning : .debug,
            "metrics.textfile not written; retrying",
            metadata: [LogKeys.file: "\(path)", LogKeys.error: "\(error)"]
        )
    }
}
