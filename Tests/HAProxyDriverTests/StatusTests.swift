// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCore
import SteelyardSystem
import Synchronization
import TestServers
import Testing

@testable import HAProxyDriver

/// STATS during other operations, with a real HAProxy.
@Suite(Requirement.haproxy.trait)
struct StatusTests {
    /// A state that returns each of these once, and then the last one.
    private final class ChangingState: Sendable {
        private let states: Mutex<[DeviceState]>

        init(_ states: [DeviceState]) { self.states = Mutex(states) }

        var next: DeviceState { states.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] } }
    }

    @Test(arguments: [1, 2, 3])
    func aChangeUnderWayIsFollowed(readings: Int) async throws {
        try await withDevice { device in
            let wanted = try LoadBalancerSet([device.http([.local("new", FreePort.next())])])
            try await device.driver.apply(wanted)
            let renderer = HAProxyRenderer(device.configuration)
            func serving(_ set: LoadBalancerSet) -> DeviceState {
                DeviceState(renderer.render(set, isSuspended: false))
            }
            let old = serving(try LoadBalancerSet([device.http([.local("old", FreePort.next())])]))
            let before = Array(repeating: old, count: readings)
            let reader = try StatusReader(DeviceFiles(device.configuration).adminSocket)
            /// Repeated if the machine is too busy for two queries within the second.
            func status(then last: DeviceState) async throws -> DeviceStatus {
                for _ in 0..<50 {
                    let state = ChangingState(before + [last])
                    if let status = try? await reader.status(of: { state.next }) { return status }
                }
                let state = ChangingState(before + [last])
                return try await reader.status { state.next }
            }
            guard case .serving(let nodes) = try await status(then: serving(wanted)) else {
                throw ServerFailure("serving")
            }
            #expect(try nodes.map(\.id) == [Identifier("new")])
            #expect(try await status(then: .deleted) == .deleted)
            #expect(try await status(then: .notConfigured) == .notConfigured)
            // On a busy machine, a query may time out, which is then the error.
            try await eventually("STATS reports that HAProxy serves another configuration") {
                do { _ = try await reader.status { old } } catch let error as DriverError {
                    return error.message == "HAProxy does not serve what it should"
                }
                return false
            }
        }
    }

    @Test
    func manyAtATimeWaitForASilentWorkerTogether() async throws {
        try await withDevice { device in
            try await device.driver.apply(LoadBalancerSet([device.http([])]))
            let worker = try #require(try await device.processes()?.worker)
            let handle = try #require(ProcessHandle(worker))
            handle.send(SIGSTOP)
            defer { handle.send(SIGCONT) }
            try await eventually("it has stopped") { (try? await device.driver.status()) == nil }
            let begun = ContinuousClock.now
            let codes = await withTaskGroup(of: DriverError.Code?.self) { group in
                for _ in 0..<300 {
                    group.addTask {
                        do throws(DriverError) { _ = try await device.driver.status() } catch { return error.code }
                        return nil
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(codes == Array(repeating: .timedOut, count: 300))
            // In sequence, they would take at least 90 s.
            #expect(begun.duration(to: .now) < .seconds(60))
        }
    }
}
