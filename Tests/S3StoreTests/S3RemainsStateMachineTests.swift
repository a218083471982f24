// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HTTPStores
import SteelyardCore
import Testing

@testable import S3Store

@Suite("The next step in removing the remains of an upload to S3")
struct S3RemainsStateMachineTests {
    private typealias Step = S3RemainsStateMachine.Step

    private static let list = Step.request(.listUploads(isCleanUp: false))
    private var machine: S3RemainsStateMachine
    private let fixture: S3MachineFixture

    init() throws {
        machine = S3RemainsStateMachine(failures: try S3MachineFixture.failures(), retries: S3MachineFixture.retries)
        fixture = try S3MachineFixture()
        #expect(machine.begin() == Self.list)
    }

    @Test("every upload of the key is aborted, page by page")
    mutating func pages() {
        #expect(machine.next(after: listed(["a", "b"], isCut: true)) == abort("b"))
        #expect(machine.next(after: fixture.answered(204)) == abort("a"))
        #expect(machine.next(after: fixture.answered(404, code: "NoSuchUpload")) == Self.list)
        #expect(machine.next(after: listed(["c"])) == abort("c"))
        #expect(machine.next(after: fixture.answered(204)) == .succeeded(3))
    }

    @Test("a store that lists removed uploads causes no endless loop")
    mutating func endless() {
        #expect(machine.next(after: listed(["a"], isCut: true)) == abort("a"))
        #expect(machine.next(after: fixture.answered(204)) == Self.list)
        #expect(machine.next(after: listed(["a"], isCut: true)) == .succeeded(1))
    }

    @Test("no bucket, no remains")
    mutating func noBucket() {
        #expect(machine.next(after: fixture.answered(404, code: "NoSuchBucket")) == .succeeded(0))
    }

    @Test("temporary failures are retried, permanent ones are errors")
    mutating func failures() {
        #expect(machine.next(after: fixture.answered(503, code: "SlowDown")).isPause)
        #expect(machine.nextAfterPause() == Self.list)
        #expect(machine.next(after: listed(["a"])) == abort("a"))
        #expect(machine.next(after: fixture.answered(500, code: "InternalError")).isPause)
        #expect(machine.nextAfterPause() == abort("a"))
        #expect(machine.next(after: fixture.answered(403, code: "AccessDenied")).error?.code == .forbidden)
    }

    @Test("an unreachable store is not retried")
    mutating func absent() { #expect(machine.next(after: fixture.broke()).error?.code == .timedOut) }

    @Test("a response that is not a list is an error")
    mutating func noList() {
        #expect(machine.next(after: fixture.answered(200, content: "<html></html>")).error?.code == .refused)
    }

    private func listed(_ ids: [String], isCut: Bool = false) -> ExchangeResult {
        let key = fixture.machine.failures.address.path.name
        let uploads = ids.map { "<Upload><Key>\(key)</Key><UploadId>\($0)</UploadId></Upload>" }
        let cut = "<IsTruncated>\(isCut)</IsTruncated><NextKeyMarker>\(key)</NextKeyMarker>"
        return fixture.answered(
            200,
            content: "<ListMultipartUploadsResult>\(cut)\(uploads.joined())</ListMultipartUploadsResult>"
        )
    }

    private func abort(_ id: String) -> Step { .request(.abortOrphan(id)) }
}
