// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SystemPackage

/// The defaults of the options that depend on the service; nil for a path in the state folder, or the agent's account.
struct ServiceDefaults {
    var config: FilePath?
    var masterSocket: FilePath?
    var log: FilePath?
    var logTarget: String?
    var user: String?
    var group: String?
    /// The owner of the workers' socket.
    var socketOwner: String?

    init(_ service: HAProxySettings.Service) {
        guard service == .systemd else { return }
        // The paths of Debian's packages of HAProxy and rsyslog.
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
