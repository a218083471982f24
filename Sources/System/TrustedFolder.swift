// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
package import SystemPackage

/// Checks that no other user can put a file into a folder, or replace the folder.
package enum TrustedFolder {
    /// Says why a folder cannot be trusted, and what to do.
    package struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        /// The folder and the fault, in one sentence.
        package let description: String
    }

    /// As many symbolic links as the kernel follows.
    private static let linkLimit = 40

    /// Checks a folder and every folder above it, and the symbolic links on the way; what does not exist yet passes.
    ///
    /// The folder must belong to the agent's user, and neither its group nor other users may write it. A folder above it
    /// must belong to that user or to root, and other users may write it only if it is sticky, as /tmp is. The group of
    /// a folder above may write it: user-private groups are common.
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

    /// - Returns: false if nothing has the name.
    private static func check(_ place: FilePath, isLast: Bool) throws(Failure) -> Bool {
        guard let entry = try status(place) else { return false }
        guard entry.st_mode & S_IFMT == S_IFDIR else { throw Failure(description: "\(place) is not a folder") }
        let (agent, owner) = (UserName.of(geteuid()), UserName.of(entry.st_uid))
        guard entry.st_uid == geteuid() || !isLast && entry.st_uid == 0 else {
            throw Failure(
                description: isLast
                    ? "\(place) belongs to user \(owner), not to the agent's user \(agent); run the agent as \(owner), "
                        + "or run: chown \(agent) \(place)"
                    : "\(place) belongs to user \(owner), who can replace the folders in it; name a folder elsewhere, "
                        + "or run: chown \(agent) \(place)"
            )
        }
        let mode = entry.st_mode
        if isLast, mode & (S_IWGRP | S_IWOTH) != 0 {
            throw Failure(description: "\(place) can be written by other users; run: chmod go-w \(place)")
        }
        if mode & S_IWOTH != 0, mode & S_ISVTX == 0 {
            throw Failure(
                description: "\(place) can be written by all users; name a folder elsewhere, or run: chmod o-w \(place)"
            )
        }
        return true
    }

    /// - Returns: nil if the place is not a symbolic link.
    private static func linkTarget(_ place: FilePath) throws(Failure) -> FilePath? {
        guard let entry = try status(place), entry.st_mode & S_IFMT == S_IFLNK else { return nil }
        guard entry.st_uid == geteuid() || entry.st_uid == 0 else {
            throw Failure(
                description: "\(place) is a symbolic link of user \(UserName.of(entry.st_uid)), who can change it; "
                    + "name a folder elsewhere"
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
