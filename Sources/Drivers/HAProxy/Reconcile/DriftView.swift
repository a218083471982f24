// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What another program has changed on the device, as the reconciler has found it last.
final class DriftView: Sendable {
    private struct State {
        var drift: String?
        var count = 0
    }

    private let state = Mutex(State())

    /// What is different, in lines; nil if nothing is.
    var drift: String? { state.withLock { $0.drift } }

    /// How often a difference was found that was not there before.
    var count: Int { state.withLock { $0.count } }

    /// Takes note of what was found.
    ///
    /// - Returns: Whether it is another finding than the last one.
    func show(_ drift: String?) -> Bool {
        state.withLock { state in
            guard drift != state.drift else { return false }
            state.drift = drift
            if drift != nil { state.count += 1 }
            return true
        }
    }
}
