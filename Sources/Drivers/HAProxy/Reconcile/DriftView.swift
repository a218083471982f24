// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The changes by other programs that the reconciler found last.
final class DriftView: Sendable {
    private struct State {
        var drift: String?
        var count = 0
    }

    private let state = Mutex(State())

    /// The differences, in lines; nil if there are none.
    var drift: String? { state.withLock { $0.drift } }

    /// How many times a new difference was found.
    var count: Int { state.withLock { $0.count } }

    /// Records the result of a check.
    ///
    /// - Returns: Whether it differs from the previous result.
    func show(_ drift: String?) -> Bool {
        state.withLock { state in
            guard drift != state.drift else { return false }
            state.drift = drift
            if drift != nil { state.count += 1 }
            return true
        }
    }
}
