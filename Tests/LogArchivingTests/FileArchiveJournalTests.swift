// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import SystemPackage
import TestServers
import Testing

@testable import LogArchiving

@Suite("Archive records on disk")
struct FileArchiveJournalTests {
    @Test("a record for each load balancer and proxy kind, until all are removed")
    func records() async throws {
        try await withTemporaryFolder { folder in
            let path = FilePath(folder.appending(path: "archived").path)
            let journal = FileArchiveJournal(path)
            let keys = try MeteredProtocol.allCases.flatMap { metered in
                try ["15", "15.http", "a.b_c-d"].map { ArchiveJournalKey(id: try Identifier($0), metered: metered) }
            }
            try journal.removeAll()
            for (index, key) in keys.enumerated() {
                #expect(try journal.read(key) == nil)
                try journal.write([UInt8(index)], for: key)
            }
            for (index, key) in keys.enumerated() { #expect(try FileArchiveJournal(path).read(key) == [UInt8(index)]) }
            journal.setAside(keys[0])
            #expect(try journal.read(keys[0]) == nil)
            let dry = FileArchiveJournal(path, isReadOnly: true)
            try dry.write([9], for: keys[1])
            dry.setAside(keys[1])
            try dry.removeAll()
            #expect(try journal.read(keys[1]) == [1])
            try journal.removeAll()
            for key in keys { #expect(try journal.read(key) == nil) }
            let left = try FileManager.default.contentsOfDirectory(atPath: path.string)
            #expect(left.isEmpty)
        }
    }

    @Test("a failed write is an error that names the file")
    func unwritable() async throws {
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "file")
            try Data().write(to: file)
            let journal = FileArchiveJournal(FilePath(file.path).appending("archived"))
            let error = #expect(throws: ArchiveJournalError.self) {
                try journal.write([1], for: ArchiveJournalKey(id: Identifier("1"), metered: .http))
            }
            #expect(error?.description.contains(file.path) == true)
        }
    }
}
