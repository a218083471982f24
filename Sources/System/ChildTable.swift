// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import Synchronization

/// The children that this process has started and waits for.
///
/// If the process is process 1 of a container, it also inherits orphans of its descendants: those are not in the table,
/// and ``reapOrphans()`` reaps them.
package enum ChildTable {
    private static let children = Mutex<Set<pid_t>>([])

    /// Whether the kernel reparents orphans to this process: it is process 1, or a "child subreaper".
    package static let adoptsOrphans = steelyard_adopts_orphans() != 0

    /// Starts a child under the table's lock, so that it is never mistaken for an orphan.
    static func add(_ start: () -> pid_t) -> pid_t {
        children.withLock { children in
            let child = start()
            if child > 0 { children.insert(child) }
            return child
        }
    }

    /// Returns whether a child has not been reaped yet.
    static func isAwaited(_ child: pid_t) -> Bool { children.withLock { $0.contains(child) } }

    /// Kills the process group that a child leads.
    ///
    /// - Returns: false if the child has already been reaped: its number may belong to another group.
    static func killGroup(of child: pid_t) -> Bool {
        children.withLock { $0.contains(child) && kill(-child, SIGKILL) == 0 }
    }

    /// Reaps a child that has ended.
    ///
    /// - Returns: The status from `waitpid`; nil for a child that is still running or has already been reaped.
    static func reap(_ child: pid_t) -> Int32? {
        let status: Int32? = children.withLock { children in
            guard children.contains(child) else { return nil }
            var status: Int32 = 0
            var result = unsafe waitpid(child, &status, WNOHANG)
            while result < 0, errno == EINTR { result = unsafe waitpid(child, &status, WNOHANG) }
            if result != 0 { children.remove(child) }
            return result == child ? status : nil
        }
        // The child hid orphans that ended after it.
        if adoptsOrphans { reapOrphans() }
        return status
    }

    /// Reaps ended children that this process did not start.
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
