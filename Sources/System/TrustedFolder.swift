// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
package import SystemPackage

/// Checks that no other user can put a file into a directory, or replace the directory.
package enum TrustedFolder {
    /// The reason why a directory cannot be trusted, and the remedy.
    package struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        /// The directory and the fault, in one sentence.
        package let description: String
    }

    /// The kernel's limit on symbolic links.
    private static let linkLimit = 40

    /// Checks a directory, its parents and the symbolic links on the way; parts that do not exist yet pass.
    ///
    /// The directory must belong to the agent's user, and neither its group nor other users may write to it. A parent
    /// must belong to that user or to root, and other users may write to it only if it is sticky, like /tmp. The group
    /// of a parent may write to it: user-private groups are common.
    ///
    /// - Throws: `Failure`.
    package static func require(_ path: FilePath) throws(Failure) {
        var place: FilePath = "/"
        var rest = Array(path.components)
        var links = 0
        while !rest.isEmpty {
            let component = rest.removeFirst()
            if component.kind == .currentDirectory { continue }
            if component.kind == .parentDirectory {
                _ = place.removeLastComponent()
                continue
            }
            guard try check(place, isLast: false) else { return }
            let next = place.appending(component)
            guard let target = try linkTarget(next) else {
                place = next
                continue
            }
            links += 1
            guard links <= linkLimit else { throw Failure(description: "\(path) has too many symbolic links") }
            if target.isAbsolute { place = "/" }
            rest.insert(contentsOf: target.components, at: 0)
        }
        _ = try check(place, isLast: true)
    }

    /// - Returns: false if the path does not exist.
    private static func check(_ place: FilePath, isLast: Bool) throws(Failure) -> Bool {
        guard let entry = try status(place) else { return false }
        guard entry.st_mode & S_IFMT == S_IFDIR else { throw Failure(description: "\(place) is not a directory") }
        let (agent, owner) = (UserName.of(geteuid()), UserName.of(entry.st_uid))
        guard entry.st_uid == geteuid() || !isLast && entry.st_uid == 0 else {
            throw Failure(
                description: isLast
                    ? "\(place) belongs to user \(owner), not to the agent's user \(agent); run the agent as \(owner), "
                        + "or run: chown \(agent) \(place)"
                    : "\(place) belongs to user \(owner), who can replace its content; choose another directory, "
                        + "or run: chown \(agent) \(place)"
            )
        }
        let mode = entry.st_mode
        if isLast, mode & (S_IWGRP | S_IWOTH) != 0 {
            throw Failure(description: "\(place) is writable by other users; run: chmod go-w \(place)")
        }
        if mode & S_IWOTH != 0, mode & S_ISVTX == 0 {
            throw Failure(
                description: "\(place) is writable by all users; choose another directory, or run: chmod o-w \(place)"
            )
        }
        return true
    }

    /// - Returns: nil if the path is not a symbolic link.
    private static func linkTarget(_ place: FilePath) throws(Failure) -> FilePath? {
        guard let entry = try status(place), entry.st_mode & S_IFMT == S_IFLNK else { return nil }
        guard entry.st_uid == geteuid() || entry.st_uid == 0 else {
            throw Failure(
                description: "\(place) is a symbolic link of user \(UserName.of(entry.st_uid)), who can change it; "
                    + "choose another directory"
            )
        }
        var target = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe readlink(place.string, &target, target.count)
        guard count > 0 else { throw Failure(description: "\(place) cannot be read: \(Errno(rawValue: errno))") }
        return FilePath(String(decoding: target[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }

    private static func status(_ place: FilePath) throws(Failure) -> stat? {
        var entry = stat()
        if unsafe lstat(place.string, &entry) == 0 { return entry }
        if errno == ENOENT { return nil }
        throw Failure(description: "\(place) cannot be examined: \(Errno(rawValue: errno))")
    }
}
