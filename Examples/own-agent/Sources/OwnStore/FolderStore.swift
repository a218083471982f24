// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
public import SteelyardCore

/// Stores objects as files: `ROOT/CONTAINER/NAME`.
///
/// The archiver calls a store on its own thread, so it may block.
public struct FolderStore: ObjectStore {
    private let root: URL

    public init(_ settings: FolderSettings) { root = URL(filePath: settings.root) }

    public func put(_ upload: ObjectUpload) async throws(ObjectStoreError) -> StoredObject {
        let file = file(upload.path)
        // Check first: an existing object is never overwritten.
        if let found = try existing(file, upload.id) { return found }
        do {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
        } catch { throw failure("create the directory of", file, error) }
        let part = part(of: file, upload.id)
        do throws(ObjectStoreError) {
            let count = try write(try upload.makeBody(), to: part)
            try publish(part, as: file, upload.id)
            return StoredObject(md5: "", byteCount: count)
        } catch {
            // A failed upload leaves no file.
            unlink(part.path)
            throw error
        }
    }

    public func removeRemains(
        of upload: AbandonedUpload,
        at endpoint: StorageEndpoint,
        credentials: StorageCredentials
    ) async throws(ObjectStoreError) {
        unlink(part(of: file(upload.path), upload.id).path)
    }

    // MARK: - Files

    private func file(_ path: ObjectPath) -> URL {
        root.appending(path: path.container).appending(path: path.name)
    }

    /// The file of an incomplete upload.
    private func part(of file: URL, _ id: UploadID) -> URL {
        file.deletingLastPathComponent().appending(path: ".\(id).part")
    }

    /// The file with the id of the upload that stored the object.
    private func note(of file: URL) -> URL {
        file.deletingLastPathComponent().appending(path: ".\(file.lastPathComponent).upload")
    }

    /// - Returns: nil if the object does not exist.
    /// - Throws: `alreadyExists` if another upload stored the object.
    private func existing(_ file: URL, _ id: UploadID) throws(ObjectStoreError) -> StoredObject? {
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: file.path) else { return nil }
        let owner = try? String(contentsOf: note(of: file), encoding: .utf8)
        guard owner == id.description, let size = attributes[.size] as? Int else {
            throw ObjectStoreError(.alreadyExists, "\(file.path) exists already and is not overwritten")
        }
        return StoredObject(md5: "", byteCount: UInt64(size), wasFound: true)
    }

    private func write(_ body: any ObjectBody, to part: URL) throws(ObjectStoreError) -> UInt64 {
        let descriptor = open(part.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("create", part) }
        defer { close(descriptor) }
        var count: UInt64 = 0
        while let bytes = try body.next() {
            guard !Task.isCancelled else { throw ObjectStoreError(.cancelled, "the upload was cancelled") }
            var written = 0
            while written < bytes.count {
                let result = bytes[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
                guard result > 0 else { throw failure("write", part) }
                written += result
            }
            count += UInt64(bytes.count)
        }
        guard fsync(descriptor) == 0 else { throw failure("write", part) }
        return count
    }

    /// Renames a complete file to its final name, unless that exists.
    private func publish(_ part: URL, as file: URL, _ id: UploadID) throws(ObjectStoreError) {
        guard link(part.path, file.path) == 0 else {
            guard errno == EEXIST else { throw failure("create", file) }
            throw ObjectStoreError(.alreadyExists, "\(file.path) exists already and is not overwritten")
        }
        do { try Data(id.description.utf8).write(to: note(of: file), options: .atomic) } catch {
            unlink(file.path)
            throw failure("write", note(of: file), error)
        }
        unlink(part.path)
    }

    /// - Parameter error: An error of Foundation; nil to use `errno`.
    private func failure(_ verb: String, _ file: URL, _ error: (any Error)? = nil) -> ObjectStoreError {
        let cause = (error as? CocoaError)?.underlying as? POSIXError
        let reason =
            error == nil || cause != nil ? String(cString: strerror(cause?.code.rawValue ?? errno)) : "\(error as Any)"
        return ObjectStoreError(.unavailable, "cannot \(verb) \(file.path): \(reason)")
    }
}
