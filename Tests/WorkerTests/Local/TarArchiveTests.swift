// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers
import Testing

@testable import SteelyardWorker

@Suite struct TarArchiveTests {
    /// The program tar reads what was written.
    @Test func unpacks() async throws {
        try await withTemporaryFolder { folder in
            let contents = [0, 1, 511, 512, 513, 100_000].map { [UInt8](repeating: UInt8($0 % 251), count: $0) }
            var archive = TarArchive(time: 1_000_000_000)
            for content in contents { archive.add("folder/\(content.count).txt", content) }
            let file = folder.appending(path: "a.tar")
            try Data(archive.bytes).write(to: file)
            _ = try await Command.run("/usr/bin/tar", ["-xf", file.path, "-C", folder.path])
            for content in contents {
                let path = folder.appending(path: "folder/\(content.count).txt")
                #expect(try Data(contentsOf: path) == Data(content))
                let facts = try FileManager.default.attributesOfItem(atPath: path.path)
                #expect(facts[.posixPermissions] as? Int == 0o600)
                #expect(facts[.modificationDate] as? Date == Date(timeIntervalSince1970: 1_000_000_000))
            }
        }
    }

    /// Names longer than the fields of a header are whole.
    @Test func longNames() async throws {
        try await withTemporaryFolder { folder in
            let names = [100, 101, 180, 250].map { "folder/" + String(repeating: "n", count: $0) }
            let deep = String(repeating: "d", count: 120) + "/" + String(repeating: "e", count: 90)
            var archive = TarArchive(time: 1_000_000_000)
            for name in names + [deep] { archive.add(name, Array(name.utf8)) }
            let file = folder.appending(path: "a.tar")
            try Data(archive.bytes).write(to: file)
            _ = try await Command.run("/usr/bin/tar", ["-xf", file.path, "-C", folder.path])
            for name in names + [deep] {
                #expect(try Data(contentsOf: folder.appending(path: name)) == Data(name.utf8))
            }
        }
    }
}
