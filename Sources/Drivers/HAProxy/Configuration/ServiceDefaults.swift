// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SystemPackage

/// What an option is where the operator does not say; nil for what is in the state's folder, or is the agent's own.
struct ServiceDefaults {
    var config: FilePath?
    var masterSocket: FilePath?
    var log: FilePath?
    var logTarget: String?
    var user: String?
    var group: String?
    /// Whom the workers' socket belongs to.
    var socketOwner: String?

    init(_ service: HAProxySettings.Service) {
        guard service == .systemd else { return }
        // As Debian's packages of HAProxy and rsyslog have them.
        config = "/etc/haproxy/haproxy.cfg"
        masterSocket = "/run/haproxy-master.sock"
        log = "/var/log/haproxy.log"
        logTarget = "/dev/log"
        if unsafe getpwnam("haproxy") != nil { user = "haproxy" }
        if unsafe getgrnam("haproxy") != nil { group = "haproxy" }
        if geteuid() != 0, let entry = unsafe getpwuid(geteuid()) {
            socketOwner = unsafe String(cString: entry.pointee.pw_name)
        }
    }
}
