// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardSystem
import SystemPackage
import TestServers
import Testing

/// Atomic replacement of files, and the lock of a folder.
@Suite struct FileTests {
    @Test func replacesWhole() async throws {
        try await withTemporaryFolder { folder in
            let path = FilePath(folder.appending(path: "a/b/file").path)
            try AtomicFile.makeFolder(path.removingLastComponent())
            try AtomicFile.makeFolder(path.removingLastComponent())
            let missing = try AtomicFile.read(path)
            #expect(missing == nil)
            for size in [10, 1_000_000, 0] {
                let bytes = [UInt8](repeating: UInt8(size % 251), count: size)
                try AtomicFile.write(bytes, to: path)
                let read = try AtomicFile.read(path)
                #expect(read == bytes)
            }
            let mode = try FileManager.default.attributesOfItem(atPath: path.string)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            let names = try FileManager.default.contentsOfDirectory(atPath: path.removingLastComponent().string)
            #expect(names == ["file"])
            try AtomicFile.remove(path)
            try AtomicFile.remove(path)
        }
    }

    @Test func saysWhatCannotBeDone() async throws {
        try await withTemporaryFolder { folder in
            let file = FilePath(folder.appending(path: "file").path)
            try AtomicFile.write([1, 2, 3], to: file)
            #expect(throws: FileError.self) { try AtomicFile.makeFolder(file) }
            #expect(throws: FileError.self) { try AtomicFile.write([], to: file.appending("below")) }
            #expect(throws: FileError.self) { try AtomicFile.read(file, atMost: 2) }
            let untouched = try AtomicFile.read(file)
            #expect(untouched == [1, 2, 3])
        }
    }

    @Test func locksOnce() async throws {
        try await withTemporaryFolder { folder in
            let path = FilePath(folder.path)
            do {
                let first = try FolderLock(path)
                let second = try FolderLock(path)
                let isTaken = first != nil
                let isTakenTwice = second != nil
                #expect(isTaken && !isTakenTwice)
                #expect(try FolderLock.owner(of: path) == nil, "this process")
            }
            let isFreeAgain = try FolderLock(path) != nil
            #expect(isFreeAgain)
        }
    }

    @Test func readsWhatHasNoSize() throws {
        let status = try AtomicFile.readStream("/proc/self/status")
        #expect(String(decoding: status, as: UTF8.self).contains("Pid:"))
    }
}
