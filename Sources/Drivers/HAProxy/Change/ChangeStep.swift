// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The steps of an UPDATE; the agent may end after each, and the device then serves the old or the new state.
package enum ChangeStep: String, CaseIterable, Sendable {
    // With a reload, or a start.
    /// HAProxy has accepted the new file, which is elsewhere as yet, and the counters were read.
    case checked
    case lastGoodKept
    /// haproxy.cfg is the new one.
    case fileWritten
    case statesWritten
    /// HAProxy serves the new configuration.
    case served
    case metered
    /// The state says so.
    case committed

    // Without a reload.
    /// What can fail for want of room has not.
    case prepared
    /// The commands are done, and HAProxy's mark says that it is between two configurations.
    case begun
    /// HAProxy says that it serves the new configuration.
    case changed
    case fileReplaced
    case stateReplaced
}
