// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArchivingTestSupport
import SteelyardCore
import Synchronization

/// A store that keeps objects in the order of their names, overwrites none, and can simulate failures.
final class KeepingStore: ObjectStore {
    enum Fault: CaseIterable {
        case none
        /// Rejects the upload.
        case refuses
        /// Breaks the connection.
        case breaks
        /// Stores the object and loses the response.
        case losesAnswer
    }

    private struct State {
        var objects: [String: (content: [UInt8], upload: UploadID)] = [:]
        var fault = Fault.none
        var onPut: (@Sendable () -> Void)?
        var remains: [AbandonedUpload] = []
        var failsRemoval = false
    }

    private let state = Mutex(State())

    var fault: Fault {
        get { state.withLock { $0.fault } }
        set { state.withLock { $0.fault = newValue } }
    }
    var onPut: (@Sendable () -> Void)? {
        get { state.withLock { $0.onPut } }
        set { state.withLock { $0.onPut = newValue } }
    }
    /// The uploads whose remains were requested to be removed.
    var remains: [AbandonedUpload] { state.withLock { $0.remains } }
    var failsRemoval: Bool {
        get { state.withLock { $0.failsRemoval } }
        set { state.withLock { $0.failsRemoval = newValue } }
    }
    /// The paths of the objects, in order.
    var places: [String] { state.withLock { $0.objects.keys.sorted() } }
    var contents: [String] {
        state.withLock {
            $0.objects.sorted { $0.key < $1.key }.map { String(decoding: $0.value.content, as: UTF8.self) }
        }
    }

    func replace(with bytes: [UInt8]) {
        state.withLock { state in state.objects = state.objects.mapValues { _ in (bytes, UploadID()) } }
    }

    func put(_ upload: ObjectUpload) async throws(ObjectStoreError) -> StoredObject {
        onPut?()
        let place = upload.path.description
        if let found = state.withLock({ $0.objects[place] }) {
            guard found.upload == upload.id else { throw ObjectStoreError(.alreadyExists, "there is one") }
            return StoredObject(md5: "", byteCount: UInt64(found.content.count), wasFound: true)
        }
        let content = try ScriptedStore.take(upload.makeBody())
        if fault == .refuses { throw ObjectStoreError(.unauthorized, "who are you?") }
        if fault == .breaks { throw ObjectStoreError(.unavailable, "the connection broke") }
        state.withLock { $0.objects[place] = (content, upload.id) }
        if fault == .losesAnswer { throw ObjectStoreError(.timedOut, "no answer came") }
        return StoredObject(md5: "", byteCount: UInt64(content.count))
    }

    func removeRemains(
        of upload: AbandonedUpload,
        at endpoint: StorageEndpoint,
        credentials: StorageCredentials
    ) async throws(ObjectStoreError) {
        let fails = state.withLock { state in
            state.remains.append(upload)
            return state.failsRemoval
        }
        if fails { throw ObjectStoreError(.unavailable, "the listing failed") }
    }
}
