// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Logging
import SteelyardCore
import SteelyardSystem

/// Keeps HAProxy running while it should, and reads its counters.
struct Supervisor: Sendable {
    let device: HAProxyDevice
    let meter: Meter
    let store: DeviceStore
    let service: any HAProxyService
    /// HAProxy has ended, or a change was made.
    let events: AsyncStream<Void>
    let event: AsyncStream<Void>.Continuation
    /// Counts how often HAProxy has ended without a DELETE.
    let ends: EndCount
    /// Why HAProxy does not serve.
    let failure = ServingFailure()
    let logger: Logger

    /// The waits before HAProxy is started again, in milliseconds; the last one repeats.
    private static let waits = [0, 100, 500, 1000, 2000, 5000, 10_000, 30_000]
    /// How often the device is compared with the state; that takes HAProxy some 3 µs per node.
    ///
    /// HAProxy closes a connection that was idle for ten seconds.
    private static let lookInterval = Duration.seconds(9)

    /// Runs until the task is cancelled.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await watch() }
            group.addTask { await readMeter() }
            group.addTask { await look() }
        }
    }

    private func watch() async {
        var failures = 0
        var events = events.makeAsyncIterator()
        while !Task.isCancelled {
            let begun = ContinuousClock.now
            var source: (any DispatchSourceRead)?
            do throws(DriverError) {
                let running = try await device.ensureRunning()
                failure.note(nil)
                if let master = running {
                    source = master.whenEnded { [store, service, logger, event, ends] in
                        if store.state.served != nil { ends.report(master.processID, service.lastWords, logger) }
                        event.yield()
                    }
                    failures = 0
                }
            } catch {
                failures += 1
                failure.note(error)
                logger.error(
                    "HAProxy does not serve; retrying",
                    metadata: [
                        LogKeys.error: "\(error.sentence(listName: "loadbalancers"))",
                        LogKeys.errorCode: "\(FailureCode(error.code).rawValue)",
                    ]
                )
                let wait = Self.waits[min(failures, Self.waits.count - 1)]
                // After a change in the meantime, there is another HAProxy to watch.
                let alarm = Task { [event] in
                    try await Task.sleep(for: .milliseconds(wait))
                    event.yield()
                }
                await events.next(isolation: nil)
                alarm.cancel()
                continue
            }
            await events.next(isolation: nil)
            source?.cancel()
            // Prevents a tight loop if HAProxy ends right after its start.
            if begun.duration(to: .now) < .seconds(1) { try? await Task.sleep(for: .milliseconds(200)) }
        }
    }

    private func look() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.lookInterval)
            if !Task.isCancelled { await device.look() }
        }
    }

    /// Reads the counters, more often while there are old workers, which end with their last client.
    private func readMeter() async {
        while !Task.isCancelled {
            var pause = Duration.seconds(1)
            if store.state.served != nil {
                do throws(DriverError) { pause = try await meter.read() } catch {
                    logger.debug("cannot read the counters", metadata: [LogKeys.error: "\(error)"])
                }
            }
            try? await Task.sleep(for: pause)
        }
        // Old workers are released when the agent ends: the ledger has their counters up to now.
        if store.state.served != nil { _ = try? await meter.read(writing: true) }
    }
}
