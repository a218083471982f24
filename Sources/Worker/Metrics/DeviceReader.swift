// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Synchronization

/// Reads the state of the device from the driver; readers within a second share one answer.
///
/// If the driver does not answer in time, the readers get an error. The driver gets no other request until it has answered.
final class DeviceReader: Sendable {
    private struct State {
        var last: (reading: DeviceReading, time: ContinuousClock.Instant)?
        var waiting: [CheckedContinuation<DeviceReading, Never>] = []
        var isReading = false
        /// Whether the pending request has exceeded the timeout.
        var isLate = false
        /// The number of the last request.
        var request = 0
    }

    private let driver: any LoadBalancerDriver
    private let lifetime: Duration
    private let timeout: Duration
    private let state = Mutex(State())

    /// - Parameters:
    ///   - driver: The driver.
    ///   - lifetime: How long an answer is reused.
    ///   - timeout: The limit for an answer; drivers must answer within about a second.
    init(_ driver: any LoadBalancerDriver, lifetime: Duration = .seconds(1), timeout: Duration = .seconds(2)) {
        self.driver = driver
        self.lifetime = lifetime
        self.timeout = timeout
    }

    /// The state of the device, at most a second old.
    func reading() async -> DeviceReading {
        await withCheckedContinuation { continuation in
            let (known, request): (DeviceReading?, Int?) = state.withLock { state in
                if let last = state.last, .now - last.time < lifetime { return (last.reading, nil) }
                if state.isLate { return (Self.unanswered, nil) }
                state.waiting.append(continuation)
                guard !state.isReading else { return (nil, nil) }
                state.isReading = true
                state.request += 1
                return (nil, state.request)
            }
            if let known { continuation.resume(returning: known) }
            if let request { send(request) }
        }
    }

    private func send(_ request: Int) {
        let limit = Task {
            do { try await Task.sleep(for: timeout) } catch { return }
            resume(Self.unanswered) { state in
                guard state.isReading, state.request == request else { return false }
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

    /// - Parameter change: Returns whether to resume the waiting readers.
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
