// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization
import TestServers

/// The state that the clients of a run share.
final class ClientContext: Sendable {
    let chronicle: Chronicle
    let tally: JobTally
    let messages: DeviceMessages
    let function: String
    /// The ports of the job servers.
    let serverPorts: [Int]
    /// The proxies between the agent and the job servers.
    let links: [ChaosProxy]
    /// The timeout of a job on an intact connection, in seconds.
    let limit: Double
    let model: Mutex<DeviceModel>
    let metrics = Mutex<[MetricsAttempt]>([])
    /// The objects named in replies to ARCHIVE, without their container.
    let archivedObjects = Mutex<Set<String>>([])
    private let versions = Atomic(1)
    private let tags = Atomic(0)
    private let stopping = Atomic(false)

    init(
        chronicle: Chronicle,
        tally: JobTally,
        messages: DeviceMessages,
        function: String,
        serverPorts: [Int],
        links: [ChaosProxy],
        limit: Double
    ) {
        self.chronicle = chronicle
        self.tally = tally
        self.messages = messages
        self.function = function
        self.serverPorts = serverPorts
        self.links = links
        self.limit = limit
        model = Mutex(DeviceModel(version: 1))
    }

    var isStopping: Bool { stopping.load(ordering: .acquiring) }

    func setStopping(_ value: Bool) { stopping.store(value, ordering: .releasing) }

    /// The number of the next UPDATE; the first one has number 1.
    func nextVersion() -> Int { versions.add(1, ordering: .relaxed).newValue }

    /// The next tag, unique among all messages.
    func nextTag() -> String { "t\(tags.add(1, ordering: .relaxed).newValue)" }
}

/// One METRICS of a run.
struct MetricsAttempt: Sendable {
    let server: Int
    let submitted: Double
    var ended: Double
    /// When the client left on purpose.
    var left: Double?
    /// The report in the reply; nil if there is none.
    var report: (start: Double, end: Double, bytes: [String: Int])?
    /// Whether the reply is a FAIL.
    var hasFailed = false
}
