// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import Synchronization

/// The children that this process has started and waits for.
///
/// As process 1 of a container, the process is also given orphans of its descendants: those are not in the table and
/// are reaped by ``reapOrphans()``.
package enum ChildTable {
    private static let children = Mutex<Set<pid_t>>([])

    /// Whether the kernel hands orphans to this process: it is process 1, or a "child subreaper".
    package static let adoptsOrphans = steelyard_adopts_orphans() != 0

    /// Starts a child under the table's lock, so that its end cannot be taken for an orphan's.
    static func add(_ start: () -> pid_t) -> pid_t {
        children.withLock { children in
            let child = start()
            if child > 0 { children.insert(child) }
            return child
        }
    }

    /// Whether a child was not reaped yet.
    static func isAwaited(_ child: pid_t) -> Bool { children.withLock { $0.contains(child) } }

    /// Kills the process group that a child leads.
    ///
    /// - Returns: false where the child was reaped before: its number may be another group's.
    static func killGroup(of child: pid_t) -> Bool {
        children.withLock { $0.contains(child) && kill(-child, SIGKILL) == 0 }
    }

    /// Reaps a child that has ended.
    ///
    /// - Returns: The status as `waitpid` gives it; nil for a child that still runs or was reaped before.
    static func reap(_ child: pid_t) -> Int32? {
        let status: Int32? = children.withLock { children in
            guard children.contains(child) else { return nil }
            var status: Int32 = 0
            var result = unsafe waitpid(child, &status, WNOHANG)
            while result < 0, errno == EINTR { result = unsafe waitpid(child, &status, WNOHANG) }
            if result != 0 { children.remove(child) }
            return result == child ? status : nil
        }
        // The child hid the orphans that ended after it.
        if adoptsOrphans { reapOrphans() }
        return status
    }

    /// Reaps the children that have ended and that this process has not started.
    package static func reapOrphans() {
        while true {
            let isReaped = children.withLock { children in
                let child = steelyard_ended_child()
                guard child > 0, !children.contains(child) else { return false }
                return waitpid(child, nil, WNOHANG) == child
            }
            guard isReaped else { return }
        }
    }
}
