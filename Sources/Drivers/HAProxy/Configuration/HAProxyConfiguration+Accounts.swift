// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

extension HAProxyConfiguration {
    /// Checks that HAProxy can run as the user and the group.
    ///
    /// - Throws: `HAProxyConfigurationError` for one that this device does not have, or that only root could become.
    public func requireAccounts() throws(HAProxyConfigurationError) {
        // systemd starts HAProxy as root.
        let canBecomeAnybody = geteuid() == 0 || service == .systemd
        if let user {
            guard let entry = unsafe getpwnam(user) else {
                throw HAProxyConfigurationError("haproxy.user", "is \"\(user)\", whom this device does not know")
            }
            guard unsafe canBecomeAnybody || geteuid() == entry.pointee.pw_uid else {
                throw HAProxyConfigurationError("haproxy.user", "needs an agent that runs as root, or as \"\(user)\"")
            }
        }
        if let group {
            guard unsafe getgrnam(group) != nil else {
                throw HAProxyConfigurationError("haproxy.group", "is \"\(group)\", which this device does not have")
            }
            guard canBecomeAnybody || user != nil else {
                throw HAProxyConfigurationError("haproxy.group", "needs an agent that runs as root")
            }
        }
    }
}
