// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Synchronization

/// The content of one attempt, cut into parts while it passes by; nothing but the next block is kept.
final class Content: Sendable {
    private struct State: ~Copyable {
        var body: (any ObjectBody)?
        var digest: MD5Digest?
        var pending: ArraySlice<UInt8> = []
        var isAtEnd = false
        var byteCount: UInt64 = 0
    }

    private let makeBody: @Sendable () throws(ObjectStoreError) -> any ObjectBody
    private let state: Mutex<State>

    /// Creates a content, which is not begun yet.
    ///
    /// - Parameter isCounted: Whether its checksum is counted beside those of its parts, which a part that is all of it
    ///   makes needless.
    init(
        isCounted: Bool = false,
        _ makeBody: @escaping @Sendable () throws(ObjectStoreError) -> any ObjectBody
    ) throws(ObjectStoreError) {
        self.makeBody = makeBody
        state = Mutex(State(digest: isCounted ? try MD5Digest() : nil))
    }

    /// Begins it, unless it has begun already.
    func begin() throws(ObjectStoreError) {
        try state.withLock { state throws(ObjectStoreError) in
            if state.body == nil { state.body = try makeBody() }
        }
    }

    /// Whether all of it has been taken; looks one block ahead, which may take as long as making it does.
    func isAtEnd() throws(ObjectStoreError) -> Bool {
        try state.withLock { state throws(ObjectStoreError) in try isAtEnd(&state) }
    }

    /// Takes the next bytes.
    ///
    /// - Returns: At least one byte and at most the given number, or nil at the end.
    func next(atMost limit: UInt64) throws(ObjectStoreError) -> [UInt8]? {
        try state.withLock { state throws(ObjectStoreError) in
            guard !(try isAtEnd(&state)) else { return nil }
            let bytes = Array(state.pending.prefix(Int(min(limit, UInt64(state.pending.count)))))
            state.pending.removeFirst(bytes.count)
            state.digest?.update(bytes)
            state.byteCount += UInt64(bytes.count)
            return bytes
        }
    }

    /// What has been taken in all, where it is counted; may be asked for once.
    func finish() -> StoredObject? {
        state.withLock { state in
            guard let md5 = state.digest?.finish() else { return nil }
            return StoredObject(md5: md5, byteCount: state.byteCount)
        }
    }

    private func isAtEnd(_ state: inout State) throws(ObjectStoreError) -> Bool {
        while state.pending.isEmpty, !state.isAtEnd {
            if let next = try state.body?.next() { state.pending = next[...] } else { state.isAtEnd = true }
        }
        return state.isAtEnd && state.pending.isEmpty
    }
}
