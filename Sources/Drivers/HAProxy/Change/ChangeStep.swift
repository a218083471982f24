// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The steps of a change; if the agent ends after any of them, the device serves the old or the new configuration.
package enum ChangeStep: String, CaseIterable, Sendable {
    // With a reload or a start:
    /// HAProxy has accepted the candidate file, and the counters were read.
    case checked
    case lastGoodKept
    /// haproxy.cfg is the new file.
    case fileWritten
    case statesWritten
    /// HAProxy serves the new configuration.
    case served
    case metered
    /// The state is committed.
    case committed

    // Without a reload:
    /// Every step that can fail on a full disk is done.
    case prepared
    /// The commands were sent; HAProxy's mark is `changing`.
    case begun
    /// HAProxy's mark names the new configuration.
    case changed
    case fileReplaced
    case stateReplaced
}
