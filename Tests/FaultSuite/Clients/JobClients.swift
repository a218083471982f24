// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import TestServers

/// The Gearman clients of a run, each on its own thread.
final class JobClients: Sendable {
    private let context: ClientContext
    private let store: StoreSite?
    private let running = Atomic(0)

    init(_ context: ClientContext, store: StoreSite?) {
        self.context = context
        self.store = store
    }

    /// Starts the clients of a round.
    func start(seed: UInt64) {
        context.setStopping(false)
        for number in 0..<2 { start("operator \(number + 1)", seed) { [self] in operate(&$0, $1) } }
        for number in 0..<2 { start("reader \(number + 1)", seed) { [self] in read(&$0, $1) } }
        for number in 0..<2 { start("biller \(number + 1)", seed) { [self] in bill(&$0, $1) } }
        start("heckler", seed) { [self] in heckle(&$0, $1) }
        if store != nil { start("archivist", seed) { [self] in archive(&$0, $1) } }
    }

    /// Stops each client after its current job.
    func stop() async throws {
        context.setStopping(true)
        try await eventually("all clients end", within: context.limit + 30) {
            running.load(ordering: .acquiring) == 0
        }
    }

    private func start(
        _ name: String,
        _ seed: UInt64,
        _ body: @escaping @Sendable (inout SeededGenerator, JobClient) -> Void
    ) {
        running.add(1, ordering: .acquiringAndReleasing)
        let own = name.utf8.reduce(seed) { $0 &* 31 &+ UInt64($1) }
        Thread.detachNewThread { [self] in
            var generator = SeededGenerator(seed: own)
            let client = JobClient(context, name: name)
            while !context.isStopping { body(&generator, client) }
            running.subtract(1, ordering: .acquiringAndReleasing)
        }
    }

    /// Changes the device: mostly by an UPDATE, sometimes by a SUSPEND followed by an ENABLE.
    private func operate(_ generator: inout SeededGenerator, _ client: JobClient) {
        let server = generator.below(context.serverPorts.count)
        if generator.isLucky(oneIn: 15) {
            client.change(.suspend, context.messages.plain("SUSPEND", tag: context.nextTag()), on: server, context)
            let other = generator.below(context.serverPorts.count)
            client.change(.enable, context.messages.plain("ENABLE", tag: context.nextTag()), on: other, context)
        } else {
            let version = context.nextVersion()
            let message = context.messages.update(version, tag: context.nextTag())
            client.change(.update(version), message, on: server, context)
        }
        rest(&generator, 0.05...0.4)
    }

    private func read(_ generator: inout SeededGenerator, _ client: JobClient) {
        let server = generator.below(context.serverPorts.count)
        switch generator.below(10) {
        case 0:
            _ = client.run(context.messages.plain("DIAGNOSTICS", tag: context.nextTag()), on: server, excuses: .none)
        case 1, 2:
            _ = client.run(context.messages.plain("DISCOVER", tag: context.nextTag()), on: server, excuses: .none)
        default: client.readStatistics(on: server, context)
        }
        rest(&generator, 0.02...0.2)
    }

    private func bill(_ generator: inout SeededGenerator, _ client: JobClient) {
        let server = generator.below(context.serverPorts.count)
        let leaving = generator.isLucky(oneIn: 10) ? Double.random(in: 0...0.02, using: &generator) : nil
        client.readMetrics(on: server, leaving: leaving, context)
        rest(&generator, 0...0.05)
    }

    private func heckle(_ generator: inout SeededGenerator, _ client: JobClient) {
        let server = generator.below(context.serverPorts.count)
        _ = client.run(context.messages.malformed(generator.below(100)), on: server, excuses: .none)
        rest(&generator, 0.1...0.6)
    }

    private func archive(_ generator: inout SeededGenerator, _ client: JobClient) {
        let server = generator.below(context.serverPorts.count)
        if let store { client.archive(to: store, on: server, context) }
        rest(&generator, 0.5...2)
    }

    private func rest(_ generator: inout SeededGenerator, _ seconds: ClosedRange<Double>) {
        Thread.sleep(forTimeInterval: Double.random(in: seconds, using: &generator))
    }
}
