// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Dispatch
import SteelyardCore
import Synchronization

/// The response to a request, for a thread that blocks until it arrives.
final class BlockingAnswer: Sendable {
    private let answer = Mutex<Result<JSONValue, CallFailure>?>(nil)
    private let isThere = DispatchSemaphore(value: 0)

    func set(_ answer: Result<JSONValue, CallFailure>) {
        self.answer.withLock { $0 = answer }
        isThere.signal()
    }

    /// Blocks until there is a response; each request gets one, at its time-out at the latest.
    func wait() -> Result<JSONValue, CallFailure> {
        isThere.wait()
        return answer.withLock { $0 } ?? .failure(.stopped)
    }
}
