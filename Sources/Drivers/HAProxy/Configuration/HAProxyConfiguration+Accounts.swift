// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCore
import SteelyardSystem
import SystemPackage

extension HAProxyConfiguration {
    /// Checks that HAProxy can run as the configured user and group.
    ///
    /// - Throws: `SettingError` if the user or group does not exist on this device, or only root can switch to it.
    func requireAccounts() throws(SettingError) {
        // systemd starts HAProxy as root.
        let canBecomeAnybody = geteuid() == 0 || settings.service == .systemd
        if let user {
            guard let entry = unsafe getpwnam(user) else {
                throw SettingError("haproxy.user", "is \"\(user)\", which does not exist on this device")
            }
            guard unsafe canBecomeAnybody || geteuid() == entry.pointee.pw_uid else {
                throw SettingError("haproxy.user", "requires the agent to run as root or as \"\(user)\"")
            }
        }
        if let group {
            guard unsafe getgrnam(group) != nil else {
                throw SettingError("haproxy.group", "is \"\(group)\", which does not exist on this device")
            }
            guard canBecomeAnybody || user != nil else {
                throw SettingError("haproxy.group", "requires the agent to run as root")
            }
        }
    }

    /// Gives HAProxy's workers access to the peer socket in the state folder if they run as another user.
    ///
    /// Other users can then traverse the folder, but not list it. Only HAProxy's user can connect to the socket.
    ///
    /// - Throws: `SettingError` if the user cannot reach the folder; HAProxy works anyway, but loses its stick tables
    ///   at each reload.
    func openStateFolder() throws(SettingError) {
        guard let user, let entry = unsafe getpwnam(user) else { return }
        let (userID, groupID) = unsafe (entry.pointee.pw_uid, entry.pointee.pw_gid)
        guard userID != 0 else { return }
        do {
            try AtomicFile.makeFolder(stateDirectory)
            let folder = try FileDescriptor.open(
                stateDirectory,
                .readOnly,
                options: [.directory, .noFollow, .closeOnExec]
            )
            try folder.closeAfter {
                var information = stat()
                guard unsafe fstat(folder.rawValue, &information) == 0 else { throw Errno(rawValue: errno) }
                guard information.st_uid != userID, information.st_mode & S_IXOTH == 0 else { return }
                let mode = information.st_mode & 0o7777 | S_IXGRP | S_IXOTH
                guard fchmod(folder.rawValue, mode) == 0 else { throw Errno(rawValue: errno) }
            }
        } catch {
            throw SettingError("state_dir", "cannot be made accessible to haproxy.user \(user): \(error)")
        }
        var folder = stateDirectory
        repeat {
            var information = stat()
            let isPassable =
                unsafe stat(folder.string, &information) == 0
                && (information.st_mode & S_IXOTH != 0
                    || information.st_uid == userID && information.st_mode & S_IXUSR != 0
                    || information.st_gid == groupID && information.st_mode & S_IXGRP != 0)
            guard isPassable else {
                throw SettingError(
                    "state_dir",
                    "is in \(folder), which haproxy.user \(user) cannot enter; chmod o+x \(folder), or use another one"
                )
            }
        } while folder.removeLastComponent()
    }
}
