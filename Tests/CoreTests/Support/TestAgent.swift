// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArchivingTestSupport
import LogArchiving
import Logging
import SteelyardCore
import TestServers

/// A dispatcher with a recording driver, store and log.
struct TestAgent {
    let driver: RecordingDriver
    let store: RecordingStore
    let log: LogRecorder
    let dispatcher: Dispatcher

    init(
        driver: RecordingDriver = RecordingDriver(),
        store: RecordingStore = RecordingStore(),
        allowedEndpoints: [String] = [],
        diagnostics: DiagnosticsReport = DiagnosticsReport(network: true, servers: [], style: .documented),
        limits: MessageLimits = MessageLimits(),
        isDryRun: Bool = false
    ) {
        self.driver = driver
        self.store = store
        log = LogRecorder()
        var logger = Logger(label: "test", factory: { [log] _ in log })
        logger.logLevel = .trace
        dispatcher = Dispatcher(
            driver: driver,
            driverName: "recording",
            archiver: ObjectStoreArchiver(
                store: store,
                compressor: UnchangedBlocks(),
                threads: .test,
                allowedEndpoints: allowedEndpoints.compactMap { try? AllowedEndpoint($0) },
                now: { UTCTimestamp(microseconds: 1_700_000_000_000_000) }
            ),
            stores: [.swift],
            diagnostics: FixedDiagnostics(report: diagnostics),
            release: Release(version: "1.0", release: "1.0.alpha.3.gca84083"),
            limits: limits,
            isDryRun: isDryRun,
            logger: logger
        )
    }

    @discardableResult
    func send(_ message: String, job: TestJob = TestJob()) async throws -> Answer {
        try await send(bytes: Array(message.utf8), job: job)
    }

    @discardableResult
    func send(bytes: [UInt8], job: TestJob = TestJob()) async throws -> Answer {
        try Answer(await dispatcher.handle(bytes, job: job))
    }

    /// Sends a valid UPDATE of one load balancer.
    @discardableResult
    func update(port: Int = 80) async throws -> Answer { try await send(Self.update(port: port)) }

    static func update(port: Int = 80, node: String = "1") -> String {
        """
        {"hpcs_action":"UPDATE","loadBalancers":[{"protocol":"HTTP","port":\(port),\
        "nodes":[{"id":"\(node)","address":"10.0.0.1","port":8080}]}]}
        """
    }

    static func archive(_ more: String = "") -> String {
        """
        {"hpcs_action":"ARCHIVE","hpcs_object_store_type":"swift","hpcs_object_store_basepath":"lbaaslogs",\
        "hpcs_object_store_endpoint":"https://example.com/v1/100","hpcs_object_store_token":"t0ken",\
        "loadbalancers":[{"id":"15","protocol":"HTTP"}]\(more)}
        """
    }
}

extension StoreFormat {
    /// OpenStack Swift's.
    static let swift = StoreFormat(type: "swift", credentials: [CredentialField("hpcs_object_store_token")])
}

struct FixedDiagnostics: DeviceDiagnostics {
    let report: DiagnosticsReport

    func run() async -> DiagnosticsReport { report }
}
