// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Synchronization

/// Asks the driver how the device is: once for all who want to know it within a second.
///
/// A driver that does not answer in time keeps no one waiting, and is asked nothing more until it has answered.
final class DeviceReader: Sendable {
    private struct State {
        var last: (reading: DeviceReading, time: ContinuousClock.Instant)?
        var waiting: [CheckedContinuation<DeviceReading, Never>] = []
        var isReading = false
        /// Whether the driver has taken too long for the question that it has been asked.
        var isLate = false
        /// The number of the last question.
        var question = 0
    }

    private let driver: any LoadBalancerDriver
    private let lifetime: Duration
    private let timeout: Duration
    private let state = Mutex(State())

    /// - Parameters:
    ///   - driver: The driver.
    ///   - lifetime: How long an answer is used.
    ///   - timeout: How long the driver may take; it promises to answer within about a second.
    init(_ driver: any LoadBalancerDriver, lifetime: Duration = .seconds(1), timeout: Duration = .seconds(2)) {
        self.driver = driver
        self.lifetime = lifetime
        self.timeout = timeout
    }

    /// The device as it is now, or was at most a second ago.
    func reading() async -> DeviceReading {
        await withCheckedContinuation { continuation in
            let (known, question): (DeviceReading?, Int?) = state.withLock { state in
                if let last = state.last, .now - last.time < lifetime { return (last.reading, nil) }
                if state.isLate { return (Self.unanswered, nil) }
                state.waiting.append(continuation)
                guard !state.isReading else { return (nil, nil) }
                state.isReading = true
                state.question += 1
                return (nil, state.question)
            }
            if let known { continuation.resume(returning: known) }
            if let question { ask(question) }
        }
    }

    private func ask(_ question: Int) {
        let limit = Task {
            do { try await Task.sleep(for: timeout) } catch { return }
            resume(Self.unanswered) { state in
                guard state.isReading, state.question == question else { return false }
                state.isLate = true
                return true
            }
        }
        Task {
            let reading = await DeviceReading.read(driver)
            limit.cancel()
            resume(reading) { state in
                state.last = (reading, .now)
                (state.isReading, state.isLate) = (false, false)
                return true
            }
        }
    }

    /// - Parameter change: Says whether the reading is for those that wait.
    private func resume(_ reading: DeviceReading, _ change: @Sendable (inout State) -> Bool) {
        let waiting: [CheckedContinuation<DeviceReading, Never>] = state.withLock { state in
            guard change(&state) else { return [] }
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume(returning: reading) }
    }

    private static let unanswered = DeviceReading(
        status: .failure(DriverError(.timedOut, "the driver does not answer")),
        proxy: nil
    )
}
