// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers
import Testing

/// A file system of half a megabyte, which only root can mount.
struct SmallDisk {
    let path: String

    init(at path: String) async throws {
        self.path = path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        _ = try await Command.run("/usr/bin/mount", ["-t", "tmpfs", "-o", "size=512k,mode=700", "tmpfs", path])
    }

    /// Appends to a file until the disk is full.
    func fill(_ file: String) throws {
        let descriptor = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        while write(descriptor, "x", 1) == 1 {}
        #expect(errno == ENOSPC)
    }

    func remove() async throws { _ = try await Command.run("/usr/bin/umount", ["-l", path]) }

    static func isPossible() async -> Bool {
        await (try? withTemporaryFolder { try await SmallDisk(at: $0.path).remove() }) != nil
    }
}
