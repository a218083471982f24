// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

public import SteelyardCore

/// The rules for every `ObjectStore`, as checks that run against any of them.
///
///     @Test(arguments: ObjectStoreContract.checks(without: [.anyContainerName]))
///     func contract(_ check: ObjectStoreContract.Check) async throws {
///         try await check.run(MyStore(), at: .init(endpoint: endpoint, credentials: credentials) { path in try await read(path) })
///     }
///
/// Every check uses a new container, and calls the store on a thread that may block.
public enum ObjectStoreContract {
    /// The location in which a check stores objects, and a way to read them.
    public struct Place: Sendable {
        /// The store's URL.
        public let endpoint: StorageEndpoint
        /// Credentials that the store accepts.
        public let credentials: StorageCredentials
        /// The field of the credentials that can have a wrong value; unused without authentication.
        public let secretField: String
        /// Reads an object without the tested `ObjectStore`; returns nil if it does not exist.
        public let read: @Sendable (ObjectPath) async throws -> [UInt8]?

        /// Creates a place.
        public init(
            endpoint: StorageEndpoint,
            credentials: StorageCredentials,
            secretField: String = "hpcs_object_store_token",
            read: @escaping @Sendable (ObjectPath) async throws -> [UInt8]?
        ) {
            self.endpoint = endpoint
            self.credentials = credentials
            self.secretField = secretField
            self.read = read
        }
    }

    /// Optional capabilities of a store.
    public enum Capability: String, Hashable, Sendable, CaseIterable {
        /// Containers with any characters in their names; otherwise lower-case letters, digits and `-`.
        case anyContainerName
        /// Rejecting wrong credentials: some test servers accept all.
        case authentication
    }

    /// One rule.
    public struct Check: Sendable, CustomStringConvertible {
        /// The rule, as a sentence.
        public let description: String
        let needs: Set<Capability>
        private let body: @Sendable (any ObjectStore, Place) async throws -> Void

        init(
            needs: Set<Capability> = [],
            _ description: String,
            _ body: @escaping @Sendable (any ObjectStore, Place) async throws -> Void
        ) {
            self.needs = needs
            self.description = description
            self.body = body
        }

        /// Runs the check.
        ///
        /// - Throws: ``ContractViolation``, or an unexpected error.
        public func run(_ store: any ObjectStore, at place: Place) async throws {
            do { try await body(store, place) } catch let error as ContractViolation {
                throw ContractViolation("\(description): \(error)")
            } catch let error as ObjectStoreError {
                throw ContractViolation("\(description): the store must not throw \(error)")
            }
        }
    }

    /// All rules, for a store with all capabilities.
    public static var checks: [Check] { allChecks }

    /// The rules for a store without some capabilities.
    ///
    /// - Parameter missing: The capabilities that the store lacks.
    public static func checks(without missing: Set<Capability>) -> [Check] {
        allChecks.filter { $0.needs.isDisjoint(with: missing) }
    }

    private static let allChecks: [Check] = [
        Check("an object is stored completely, in a new container, and its checksum is reported") {
            store,
            place in
            let blocks = [[UInt8](repeating: 1, count: 300_001), Array(0...255), [UInt8](repeating: 9, count: 250_000)]
            try await place.expectStored(blocks, at: newPath(), by: store)
        },
        Check("an empty object is stored") { store, place in
            try await place.expectStored([], at: newPath(), by: store)
        },
        Check("a second object is stored in the same container") { store, place in
            let base = newBase()
            try await place.expectStored([Array("first".utf8)], at: newPath(in: base), by: store)
            try await place.expectStored([Array("second".utf8)], at: newPath(in: base, "lb-2"), by: store)
        },
        Check("names with spaces, reserved characters and letters beyond ASCII are preserved exactly") {
            store,
            place in
            for prefix in ["with space", "Größe/日本", "100%25?a=b&c#d", "a+b;c,d'e\"f", "..hidden"] {
                guard let base = try? ObjectBasePath("\(newBase())/\(prefix)") else { continue }
                try await place.expectStored([Array(prefix.utf8)], at: newPath(in: base), by: store)
            }
        },
        Check(
            needs: [.anyContainerName],
            "a container's name with spaces and letters beyond ASCII is preserved exactly"
        ) {
            store,
            place in
            guard let base = try? ObjectBasePath("\(newBase()) ä%2F?/logs") else { return }
            try await place.expectStored([[1]], at: newPath(in: base), by: store)
        },
        Check("an existing object is not overwritten") { store, place in
            let path = try newPath()
            try await place.expectStored([Array("first".utf8)], at: path, by: store)
            let body = ScriptedBody([Array("second".utf8)])
            try await place.expect(.alreadyExists, at: path, by: store) { () throws(ObjectStoreError) in body }
            try await place.expectContent(Array("first".utf8), at: path)
        },
        Check("content that fails at its start, in the middle or at its end leaves nothing") { store, place in
            for blocks in [[], [[UInt8](repeating: 1, count: 700_000)], [[UInt8]](repeating: [2, 3], count: 3)] {
                for code in [ObjectStoreError.Code.sourceFailed, .cancelled] {
                    let path = try newPath()
                    let error = ObjectStoreError(code, "the content of this check fails")
                    let body = ScriptedBody(blocks, error: error)
                    let thrown = try await place.expect(code, at: path, by: store) { () throws(ObjectStoreError) in body
                    }
                    try require(thrown == error, "the error of the content must be thrown, not \(thrown)")
                    try await place.expectContent(nil, at: path)
                }
            }
        },
        Check("content that cannot be opened leaves nothing") { store, place in
            let path = try newPath()
            try await place.expect(.sourceFailed, at: path, by: store) { () throws(ObjectStoreError) in
                throw ObjectStoreError(.sourceFailed, "the content of this check cannot be opened")
            }
            try await place.expectContent(nil, at: path)
        },
        Check("after a failure, the same object can be stored with new content") { store, place in
            let path = try newPath()
            let failing = ScriptedBody(
                [[1, 2, 3]],
                error: ObjectStoreError(.sourceFailed, "this check's content fails")
            )
            try await place.expect(.sourceFailed, at: path, by: store) { () throws(ObjectStoreError) in failing }
            try await place.expectStored([[4, 5]], at: path, by: store)
        },
        Check("a second call for the same upload finds its object without reading its content") { store, place in
            let path = try newPath()
            let upload = place.upload([Array("first".utf8)], at: path)
            _ = try await place.put(upload, by: store)
            let again = ObjectUpload(
                id: upload.id,
                path: path,
                endpoint: place.endpoint,
                credentials: place.credentials
            ) {
                () throws(ObjectStoreError) in
                throw ObjectStoreError(.sourceFailed, "the content of this check must not be read again")
            }
            let found = try await place.put(again, by: store)
            try require(found.wasFound && found.byteCount == 5, "5 bytes must be found, not \(found)")
            try await place.expectContent(Array("first".utf8), at: path)
        },
        Check("removing the remains of an upload keeps its object") { store, place in
            let path = try newPath()
            let content = [UInt8](repeating: 5, count: 300_001)
            let upload = place.upload([content], at: path)
            let abandoned = AbandonedUpload(id: upload.id, path: path)
            // First without an object and a container, then with both.
            try await place.removeRemains(of: abandoned, by: store)
            _ = try await place.put(upload, by: store)
            try await place.removeRemains(of: abandoned, by: store)
            try await place.expectContent(content, at: path)
            try await place.removeRemains(of: AbandonedUpload(id: UploadID(), path: path), by: store)
            try await place.expectContent(content, at: path)
        },
        Check(needs: [.authentication], "a rejected token is unauthorized, and is not in the error") {
            store,
            place in
            let path = try newPath()
            let secret = "wrong-\(UInt64.random(in: 0...UInt64.max))"
            let stranger = Place(
                endpoint: place.endpoint,
                credentials: place.credentials.replacing(place.secretField, by: try StorageToken(secret)),
                secretField: place.secretField,
                read: place.read
            )
            let body = ScriptedBody([[1]])
            let error = try await stranger.expect(.unauthorized, at: path, by: store) { () throws(ObjectStoreError) in
                body
            }
            try require(!"\(error)".contains(secret), "the error must not contain the token")
            try await place.expectContent(nil, at: path)
        },
        Check("cancelling the task ends an upload and leaves nothing") { store, place in
            let path = try newPath()
            let (tenth, continuation) = AsyncStream<Void>.makeStream()
            let upload = Task {
                defer { continuation.finish() }
                return try await place.expect(.cancelled, at: path, by: store) { () throws(ObjectStoreError) in
                    EndlessBody(tenth: continuation)
                }
            }
            for await _ in tenth {}
            upload.cancel()
            _ = try await upload.value
            try await place.expectContent(nil, at: path)
        },
        Check("objects can be stored concurrently") { store, place in
            let base = newBase()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 1...8 {
                    group.addTask {
                        let block = [UInt8](repeating: UInt8(number), count: 100_000)
                        try await place.expectStored([block, block], at: newPath(in: base, "lb-\(number)"), by: store)
                    }
                }
                try await group.waitForAll()
            }
        },
    ]

    private static func newBase() -> String { "contract-\(UInt64.random(in: 0...UInt64.max))" }

    private static func newPath(in base: String = newBase(), _ id: String = "lb-1") throws -> ObjectPath {
        try newPath(in: ObjectBasePath(base), id)
    }

    private static func newPath(in base: ObjectBasePath, _ id: String = "lb-1") throws -> ObjectPath {
        ObjectPath(
            basePath: base,
            loadBalancer: try Identifier(id),
            log: "contract",
            time: UTCTimestamp(microseconds: 0)
        )
    }
}

extension ObjectStoreContract.Place {
    fileprivate func upload(_ blocks: [[UInt8]], at path: ObjectPath) -> ObjectUpload {
        ObjectUpload(path: path, endpoint: endpoint, credentials: credentials) { () throws(ObjectStoreError) in
            ScriptedBody(blocks)
        }
    }

    fileprivate func put(
        _ upload: ObjectUpload,
        by store: any ObjectStore
    ) async throws(ObjectStoreError) -> StoredObject {
        try await withTaskExecutorPreference(BlockingExecutor()) { () async throws(ObjectStoreError) in
            try await store.put(upload)
        }
    }

    fileprivate func removeRemains(
        of upload: AbandonedUpload,
        by store: any ObjectStore
    ) async throws(ObjectStoreError) {
        try await withTaskExecutorPreference(BlockingExecutor()) { () async throws(ObjectStoreError) in
            try await store.removeRemains(of: upload, at: endpoint, credentials: credentials)
        }
    }

    fileprivate func expectStored(_ blocks: [[UInt8]], at path: ObjectPath, by store: any ObjectStore) async throws {
        let content = Array(blocks.joined())
        let stored = try await put(upload(blocks, at: path), by: store)
        // A store that does not compute an MD5 confirms none.
        let md5 = stored.md5.isEmpty ? "" : MD5.hexDigits(of: content)
        let expected = StoredObject(md5: md5, byteCount: UInt64(content.count))
        try require(stored == expected, "the store must confirm \(expected), not \(stored)")
        try await expectContent(content, at: path)
    }

    fileprivate func expectContent(_ content: [UInt8]?, at path: ObjectPath) async throws {
        let found = try await read(path)
        try require(
            found == content,
            "\(path) must have \(content.map { "\($0.count) given bytes" } ?? "nothing"), not \(found.map { "\($0.count) bytes" } ?? "nothing")"
        )
    }

    @discardableResult
    fileprivate func expect(
        _ code: ObjectStoreError.Code,
        at path: ObjectPath,
        by store: any ObjectStore,
        _ makeBody: @escaping @Sendable () throws(ObjectStoreError) -> any ObjectBody
    ) async throws -> ObjectStoreError {
        let stored: StoredObject
        do throws(ObjectStoreError) {
            stored = try await put(
                ObjectUpload(path: path, endpoint: endpoint, credentials: credentials, makeBody: makeBody),
                by: store
            )
        } catch {
            try require(error.code == code, "the error must have the code \(code), not \(error.code): \(error.message)")
            try require(!error.message.isEmpty, "an error must have a message")
            return error
        }
        throw ContractViolation("an error with the code \(code) must be thrown; the store confirmed \(stored)")
    }
}
