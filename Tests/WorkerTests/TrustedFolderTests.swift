// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardSystem
import SystemPackage
import TestServers
import Testing

/// Folders and files that other users could have created or could change.
@Suite struct TrustedFolderTests {
    private static let isRoot = geteuid() == 0

    private func path(_ folder: URL, _ name: String) -> FilePath { FilePath(folder.appending(path: name).path) }

    private func make(_ path: FilePath, mode: mode_t = 0o700, owner: uid_t? = nil) throws {
        try FileManager.default.createDirectory(atPath: path.string, withIntermediateDirectories: true)
        try #require(chmod(path.string, mode) == 0)
        if let owner { try #require(chown(path.string, owner, 0) == 0) }
    }

    private func failure(_ path: FilePath) -> String? {
        do {
            try TrustedFolder.require(path)
            return nil
        } catch { return error.description }
    }

    @Test(arguments: [0o700, 0o750, 0o755, 0o711] as [mode_t])
    func ownFoldersPass(mode: mode_t) async throws {
        try await withTemporaryFolder { folder in
            let state = path(folder, "a/state")
            #expect(failure(state) == nil, "a folder that does not exist yet")
            try make(state, mode: mode)
            #expect(failure(state) == nil)
            #expect(failure(FilePath(state.string + "/./../state/")) == nil)
            try FileManager.default.createSymbolicLink(
                atPath: path(folder, "link").string,
                withDestinationPath: "a/../a/state"
            )
            #expect(failure(path(folder, "link")) == nil)
            #expect(failure(path(folder, "link/below")) == nil)
        }
    }

    @Test(arguments: [0o770, 0o702, 0o777, 0o1777, 0o720] as [mode_t])
    func aFolderThatOthersMayWriteIsRefused(mode: mode_t) async throws {
        try await withTemporaryFolder { folder in
            let state = path(folder, "state")
            try make(state, mode: mode)
            #expect(failure(state) == "\(state) is writable by other users; run: chmod go-w \(state)")
            // The folder is accepted once its mode is fixed.
            try #require(chmod(state.string, mode & ~0o022) == 0)
            #expect(failure(state) == nil)
        }
    }

    @Test(arguments: [(0o777, true), (0o1777, false), (0o775, false), (0o707, true)] as [(mode_t, Bool)])
    func whatIsAboveMattersToo(mode: mode_t, isRefused: Bool) async throws {
        try await withTemporaryFolder { folder in
            let state = path(folder, "above/state")
            try make(state)
            try #require(chmod(path(folder, "above").string, mode) == 0)
            #expect((failure(state)?.contains("above is writable by all users") ?? false) == isRefused)
            #expect((failure(state) == nil) == !isRefused)
            #expect((failure(path(folder, "above/new/state")) == nil) == !isRefused)
        }
    }

    @Test(.enabled(if: isRoot, "needs root"))
    func whatBelongsToOthersIsRefused() async throws {
        try await withTemporaryFolder { folder in
            let state = path(folder, "state")
            try make(state, owner: 65534)
            let text = try #require(failure(state))
            #expect(text.hasPrefix("\(state) belongs to user nobody, not to the agent's user root; "))
            #expect(text.hasSuffix("run: chown root \(state)"))
            try make(state, owner: 0)
            #expect(failure(state) == nil)
            try make(path(folder, "above"), owner: 65534)
            try make(path(folder, "above/state"))
            #expect(failure(path(folder, "above/state"))?.contains("who can replace its content") == true)
            let link = path(folder, "link").string
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: state.string)
            #expect(failure(FilePath(link)) == nil)
            try #require(lchown(link, 65534, 0) == 0)
            #expect(failure(FilePath(link))?.contains("is a symbolic link of user nobody") == true)
        }
    }

    @Test func whatIsNoFolderIsRefused() async throws {
        try await withTemporaryFolder { folder in
            try Data().write(to: folder.appending(path: "file"))
            #expect(failure(path(folder, "file"))?.hasSuffix("is not a directory") == true)
            #expect(failure(path(folder, "file/state"))?.hasSuffix("is not a directory") == true)
            try FileManager.default.createSymbolicLink(
                atPath: path(folder, "circle").string,
                withDestinationPath: "circle"
            )
            #expect(failure(path(folder, "circle"))?.hasSuffix("too many symbolic links") == true)
        }
    }

    /// A link, a hard link or a FIFO at the path of a new file is replaced, and its target is unchanged.
    @Test(arguments: ["link", "second name", "FIFO", "file of mode 666"])
    func whatIsInTheWayOfANewFileIsReplaced(kind: String) async throws {
        try await withTemporaryFolder { folder in
            let (file, beside, other) = (path(folder, "file"), path(folder, "file.new"), path(folder, "other"))
            try Data("other".utf8).write(to: URL(filePath: other.string))
            try #require(chmod(other.string, 0o666) == 0)
            switch kind {
            case "link": try #require(symlink(other.string, beside.string) == 0)
            case "second name": try #require(link(other.string, beside.string) == 0)
            case "FIFO": try #require(mkfifo(beside.string, 0o666) == 0)
            default: try #require(rename(other.string, beside.string) == 0)
            }
            try AtomicFile.write(Array("new".utf8), to: file)
            #expect(try AtomicFile.read(file) == Array("new".utf8))
            var entry = stat()
            #expect(lstat(file.string, &entry) == 0 && entry.st_mode == S_IFREG | 0o600 && entry.st_nlink == 1)
            if kind != "file of mode 666" { #expect(try AtomicFile.read(other) == Array("other".utf8)) }
            #expect(!FileManager.default.fileExists(atPath: beside.string))
        }
    }

    @Test func onlyRegularFilesAreOpened() async throws {
        try await withTemporaryFolder { folder in
            let (file, other) = (path(folder, "file"), path(folder, "other"))
            for (make, reason) in [
                ({ mkfifo(file.string, 0o600) }, "not a regular file"), ({ mkdir(file.string, 0o700) }, "directory"),
                ({ symlink(other.string, file.string) }, "symbolic link"),
            ] as [(() -> Int32, String)] {
                try #require(make() == 0)
                for mode in [FileDescriptor.AccessMode.readOnly, .readWrite, .writeOnly] where reason != "directory" {
                    let error = #expect(throws: FileError.self) { try OwnFile.open(file, mode, options: .create) }
                    #expect(error?.description.contains("\(file): it is") == true)
                    #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
                }
                #expect(throws: FileError.self) { try AtomicFile.read(file) }
                try FileManager.default.removeItem(atPath: file.string)
                #expect(!FileManager.default.fileExists(atPath: other.string))
            }
        }
    }

    @Test func aFileThatIsWrittenHasOneNameAndItsOwnMode() async throws {
        try await withTemporaryFolder { folder in
            let (file, other) = (path(folder, "file"), path(folder, "other"))
            try AtomicFile.write([1], to: file)
            try #require(chmod(file.string, 0o666) == 0)
            try OwnFile.open(file, .readWrite, permissions: [.ownerReadWrite, .groupRead]).close()
            var entry = stat()
            #expect(stat(file.string, &entry) == 0 && entry.st_mode & 0o7777 == 0o640)
            try #require(link(file.string, other.string) == 0)
            let error = #expect(throws: FileError.self) { try OwnFile.open(file, .readWrite) }
            #expect(error?.description.contains("hard link") == true)
            #expect(try AtomicFile.read(file) == [1])
        }
    }

    @Test(.enabled(if: isRoot, "needs root"))
    func aFileOfAnotherUserIsNotOpened() async throws {
        try await withTemporaryFolder { folder in
            let file = path(folder, "file")
            try AtomicFile.write([1], to: file)
            try #require(chown(file.string, 65534, 0) == 0)
            let error = #expect(throws: FileError.self) { try AtomicFile.read(file) }
            #expect(error?.description.contains("belongs to user nobody") == true)
            #expect(try AtomicFile.read(file, isOwn: false) == [1])
        }
    }

    @Test func aNewFolderHasItsOwnMode() async throws {
        try await withTemporaryFolder { folder in
            let state = path(folder, "a/b/c")
            try AtomicFile.makeFolder(state)
            for name in ["a", "a/b", "a/b/c"] {
                var entry = stat()
                #expect(stat(path(folder, name).string, &entry) == 0 && entry.st_mode == S_IFDIR | 0o700)
            }
        }
    }
}
