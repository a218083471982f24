// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import Synchronization

/// The limit on file descriptors of this process.
package enum DescriptorLimit {
    private static let before = Mutex<rlimit?>(nil)
    private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    /// More than all job servers, jobs and old workers need; some libraries iterate over all descriptors.
    private static let ceiling: rlim_t = 65_536

    /// The limit that this process was started with, for its children: HAProxy derives its own limits from it.
    ///
    /// nil if it was not changed.
    static var inherited: rlimit? { before.withLock { $0 } }

    /// The current limit on file descriptors of this process.
    package static var current: Int {
        var limit = rlimit()
        return unsafe getrlimit(resource, &limit) == 0 ? Int(clamping: limit.rlim_cur) : 1024
    }

    /// Raises the soft limit to the hard limit, but at most 65,536.
    package static func raise() {
        before.withLock { before in
            var limit = rlimit()
            guard before == nil, unsafe getrlimit(resource, &limit) == 0 else { return }
            let wanted = min(limit.rlim_max, ceiling)
            guard limit.rlim_cur < wanted else { return }
            var raised = rlimit(rlim_cur: wanted, rlim_max: limit.rlim_max)
            if unsafe setrlimit(resource, &raised) == 0 { before = limit }
        }
    }
}
