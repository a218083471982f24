// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Testing

@testable import OpenStackSwiftStore

@Suite("What comes next in an upload")
struct UploadStateMachineTests {
    private var machine: UploadStateMachine
    private let object = StoredObject(md5: "0123456789abcdef0123456789abcdef", byteCount: 5)
    private let reset = CurlError.stalled(.seconds(1))

    init() throws {
        let address = ObjectAddress(
            path: ObjectPath(
                basePath: try ObjectBasePath("c"),
                loadBalancer: try Identifier("lb"),
                time: UTCTimestamp(microseconds: 0)
            ),
            endpoint: try StorageEndpoint("https://store.example/v1/a"),
            token: try StorageToken("secret")
        )
        var retries = RetryPolicy()
        retries.attempts = 3
        machine = UploadStateMachine(StoreFailures(address: address), retries: retries)
    }

    @Test("a confirmed checksum is success")
    mutating func confirmed() {
        #expect(machine.next(after: answered(201, etag: object.md5, sent: object)) == .succeed(object))
    }

    @Test("a container that is missing is made once, without an attempt being lost")
    mutating func container() {
        #expect(machine.next(after: answered(404)) == .putContainer)
        #expect(machine.next(after: answered(201)) == .putObject)
        #expect(pauses(machine.next(after: answered(404))))
        #expect(pauses(machine.next(after: answered(404))))
        #expect(code(machine.next(after: answered(404))) == .notFound)
    }

    @Test(
        "a container that may not be made ends it",
        arguments: [(401, "unauthorized"), (403, "forbidden"), (404, "notFound")]
    )
    mutating func containerRefused(_ status: Int, _ expected: String) {
        _ = machine.next(after: answered(404))
        #expect(code(machine.next(after: answered(status)))?.description == expected)
    }

    @Test("an object with another checksum is removed, and that is tried three times")
    mutating func damaged() {
        let other = answered(201, etag: "f", sent: object)
        #expect(machine.next(after: other) == .deleteObject)
        #expect(machine.next(after: broke()) == .deleteObject)
        #expect(machine.next(after: answered(503)) == .deleteObject)
        let step = machine.next(after: answered(503))
        #expect(code(step) == .checksumMismatch)
        #expect(message(step)?.contains("remove the object c/lb/") == true)
    }

    @Test("an object that was confirmed before its end is removed")
    mutating func early() {
        #expect(machine.next(after: answered(201, etag: "f")) == .deleteObject)
        #expect(code(machine.next(after: answered(404))) == .checksumMismatch)
    }

    @Test("an answer without a checksum is asked for")
    mutating func unconfirmed() {
        #expect(machine.next(after: answered(201, sent: object)) == .headObject)
        #expect(machine.next(after: answered(200, etag: object.md5)) == .succeed(object))
    }

    @Test("412 at first is somebody else's object; after an attempt without an answer it may be ours")
    mutating func precondition() {
        var first = machine
        #expect(code(first.next(after: answered(412))) == .alreadyExists)
        #expect(pauses(machine.next(after: broke(sent: object))))
        #expect(machine.next(after: answered(412)) == .headObject)
        var gone = machine
        #expect(pauses(gone.next(after: answered(404))))
        var foreign = machine
        #expect(code(foreign.next(after: answered(200, etag: "f"))) == .alreadyExists)
        #expect(machine.next(after: answered(200, etag: object.md5)) == .succeed(object))
    }

    @Test("when all attempts have failed, one that was sent whole is asked for")
    mutating func lastResort() {
        _ = machine.next(after: broke(sent: object))
        _ = machine.next(after: broke())
        #expect(machine.next(after: broke()) == .headObject)
        #expect(machine.next(after: broke()) == .headObject)
        #expect(machine.next(after: answered(503)) == .headObject)
        var failed = machine
        #expect(code(failed.next(after: broke())) == .timedOut)
        #expect(machine.next(after: answered(200, etag: object.md5)) == .succeed(object))
    }

    @Test("where the store refuses to say whether it has the object, it may have it, whatever the refusal is")
    mutating func doubt() {
        _ = machine.next(after: broke(sent: object))
        #expect(machine.next(after: answered(401)) == .headObject)
        for _ in 0..<2 { #expect(machine.next(after: answered(401)) == .headObject) }
        guard case .fail(let error) = machine.next(after: answered(401)) else {
            Issue.record("it goes on")
            return
        }
        #expect(error.code == .unauthorized && error.mayBeStored)
    }

    @Test("a failure of this side ends it at once, unless the object was sent whole")
    mutating func stopped() {
        let error = ObjectStoreError(.cancelled, "stopping")
        var early = machine
        #expect(early.next(after: ExchangeResult(end: .stopped(error))) == .fail(error))
        var deadline = machine
        #expect(deadline.next(afterStop: error) == .fail(error))
        #expect(machine.next(after: ExchangeResult(end: .stopped(error), sent: object)) == .headObject)
        #expect(machine.next(after: answered(404)) == .fail(error))
    }

    @Test("the waits double, with jitter, up to the longest")
    func waits() {
        var policy = RetryPolicy()
        policy.longestWait = .seconds(3)
        for (attempt, whole) in [(1, 0.5), (2, 1), (3, 2), (4, 3), (60, 3)] {
            let wait = policy.wait(after: attempt)
            #expect(wait >= .seconds(whole / 2) && wait <= .seconds(whole))
        }
    }

    private func answered(_ status: Int, etag: String? = nil, sent: StoredObject? = nil) -> ExchangeResult {
        ExchangeResult(end: .answered(StoreAnswer(status: status, etag: etag)), sent: sent)
    }

    private func broke(sent: StoredObject? = nil) -> ExchangeResult { ExchangeResult(end: .broke(reset), sent: sent) }

    private func pauses(_ step: UploadStateMachine.Step) -> Bool {
        if case .pause = step { true } else { false }
    }

    private func code(_ step: UploadStateMachine.Step) -> ObjectStoreError.Code? {
        if case .fail(let error) = step { error.code } else { nil }
    }

    private func message(_ step: UploadStateMachine.Step) -> String? {
        if case .fail(let error) = step { error.message } else { nil }
    }
}
