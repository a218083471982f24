// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Testing

@testable import HTTPStores
@testable import OpenStackSwiftStore

@Suite("The next step in removing the remains of an abandoned upload")
struct RemainsStateMachineTests {
    private typealias Step = StoreStep<StoreRequest, Int>

    private let upload = MachineFixture.upload
    private let folder = "lb/haproxy-19700101-000000.log.gz"
    private var machine: RemainsStateMachine

    init() throws {
        let address = ObjectAddress(
            path: try TestUpload.path(in: "c", "lb"),
            endpoint: try StorageEndpoint("https://store.example/v1/a"),
            token: try StorageToken("secret")
        )
        var retries = RetryPolicy()
        retries.attempts = 3
        machine = RemainsStateMachine(upload: upload, failures: StoreFailures(address: address), retries: retries)
        #expect(machine.begin() == .request(.headObject(isSettling: false)))
    }

    @Test("all segments except the object's are removed, page by page, and nothing else")
    mutating func removes() {
        let used = used(2)
        #expect(machine.next(after: answered(200, used)) == .request(.listSegments(after: nil)))
        let ask = Step.request(.headObject(isSettling: false))
        let other = UploadID()
        let names = [
            name(1, 0), name(1, 1), name(2, 0), "\(folder)/\(upload)-x/00000000", "\(folder)/\(upload)-",
            "other/\(segment(1, 3))", "\(folder)/\(SegmentName(upload: other, attempt: .init(number: 1), number: 0))",
            "\(folder)/\(segment(1, 4))0", "\(folder)/\(segment(1, 4))/more",
        ]
        #expect(machine.next(after: listing(names)) == ask)
        #expect(machine.next(after: answered(200, used)) == .request(.deleteOrphan(segment(1, 1))))
        #expect(machine.next(after: answered(204)) == .request(.deleteOrphan(segment(1, 0))))
        #expect(machine.next(after: answered(404)) == .request(.listSegments(after: names.last)))
        #expect(machine.next(after: listing([name(3, 0)])) == ask)
        #expect(machine.next(after: answered(200, used)) == .request(.deleteOrphan(segment(3, 0))))
        #expect(machine.next(after: answered(204)) == .request(.listSegments(after: name(3, 0))))
        #expect(machine.next(after: answered(204)) == ask)
        #expect(machine.next(after: answered(200, used)) == .finish(.success(3)))
    }

    @Test("the attempt that the object finally names is kept, and the others are removed")
    mutating func lateManifest() {
        _ = machine.next(after: answered(404))
        _ = machine.next(after: listing([name(1, 0), name(2, 0)]))
        let object = ["X-Static-Large-Object: True", "Content-Length: 5"] + used(2)
        #expect(machine.next(after: answered(200, object)) == .request(.checkSegment(segment(2, 0))))
        #expect(machine.next(after: answered(200, ["Content-Length: 5"])) == .request(.deleteOrphan(segment(1, 0))))
        #expect(machine.next(after: answered(204)) == .request(.listSegments(after: name(2, 0))))
        _ = machine.next(after: listing([]))
        #expect(machine.next(after: answered(200, object)) == .finish(.success(1)))
    }

    @Test("an object whose segments were removed is removed, too")
    mutating func damaged() {
        _ = machine.next(after: answered(404))
        _ = machine.next(after: listing([name(2, 0)]))
        _ = machine.next(after: answered(404))
        #expect(machine.next(after: answered(204)) == .request(.listSegments(after: name(2, 0))))
        #expect(machine.next(after: listing([])) == .request(.headObject(isSettling: false)))
        let object = ["X-Static-Large-Object: True", "Content-Length: 5"] + used(2)
        #expect(machine.next(after: answered(200, object)) == .request(.checkSegment(segment(2, 0))))
        var stays = machine
        #expect(machine.next(after: answered(404)) == .request(.deleteObject))
        #expect(machine.next(after: answered(204)) == .request(.headObject(isSettling: false)))
        #expect(machine.next(after: answered(404)) == .request(.listSegments(after: nil)))
        #expect(machine.next(after: listing([])) == .request(.headObject(isSettling: false)))
        #expect(machine.next(after: answered(404)) == .finish(.success(1)))

        for _ in 0..<3 {
            #expect(stays.next(after: answered(404)) == .request(.deleteObject))
            #expect(stays.next(after: answered(204)) == .request(.headObject(isSettling: false)))
            #expect(stays.next(after: answered(200, object)) == .request(.checkSegment(segment(2, 0))))
        }
        #expect(stays.next(after: answered(404)).code == .checksumMismatch)
    }

    @Test("without an object, or with one of another upload, all of them are removed", arguments: [true, false])
    mutating func unused(_ hasObject: Bool) {
        let headers = ["\(StoreHeader.upload): \(UploadID())", "X-Static-Large-Object: True"]
        #expect(
            machine.next(after: hasObject ? answered(200, headers) : answered(404))
                == .request(.listSegments(after: nil))
        )
        #expect(machine.next(after: listing([name(1, 0)])) == .request(.headObject(isSettling: false)))
        #expect(
            machine.next(after: hasObject ? answered(200, headers) : answered(404))
                == .request(.deleteOrphan(segment(1, 0)))
        )
    }

    @Test("an object that does not name its segments ends it", arguments: [true, false])
    mutating func unknown(_ hasUpload: Bool) {
        let headers = ["X-Static-Large-Object: True"] + (hasUpload ? ["\(StoreHeader.upload): \(upload)"] : [])
        let step = machine.next(after: answered(200, headers))
        #expect(step.code == .refused)
        #expect(step.error?.message.contains("nothing was removed") == true)
    }

    @Test("a write-only token removes nothing")
    mutating func writeOnly() {
        let step = machine.next(after: answered(403))
        #expect(step.code == .forbidden)
        #expect(step.error?.message.contains("none were removed") == true)
    }

    @Test("without a container of segments there is nothing to remove")
    mutating func noContainer() {
        _ = machine.next(after: answered(404))
        #expect(machine.next(after: answered(404)) == .finish(.success(0)))
    }

    @Test("temporary failures are retried, permanent ones are not")
    mutating func again() {
        var refused = machine
        #expect(refused.next(after: answered(401)).code == .unauthorized)
        #expect(machine.next(after: answered(503)).isPause)
        #expect(machine.nextAfterPause() == .request(.headObject(isSettling: false)))
        _ = machine.next(after: answered(404))
        _ = machine.next(after: listing([name(1, 0)]))
        _ = machine.next(after: answered(404))
        for _ in 0..<2 {
            #expect(machine.next(after: answered(500)).isPause)
            #expect(machine.nextAfterPause() == .request(.deleteOrphan(segment(1, 0))))
        }
        #expect(machine.next(after: answered(503)).code == .unavailable)
    }

    @Test("an unresponsive store is not retried")
    mutating func silent() {
        #expect(machine.next(after: ExchangeResult(end: .broke(.stalled(.seconds(1))))).code == .timedOut)
    }

    @Test("a repeated page of the listing ends it")
    mutating func endless() {
        _ = machine.next(after: answered(404))
        _ = machine.next(after: listing([name(1, 0)]))
        _ = machine.next(after: answered(404))
        _ = machine.next(after: answered(204))
        #expect(machine.next(after: listing([name(1, 0)])) == .request(.headObject(isSettling: false)))
        #expect(machine.next(after: answered(404)) == .finish(.success(1)))
    }

    /// Returns the headers of an object of the upload.
    private func used(_ attempt: UInt64) -> [String] {
        ["\(StoreHeader.upload): \(upload)", "\(StoreHeader.attempt): \(UploadAttempt(number: attempt))"]
    }

    private func segment(_ attempt: UInt64, _ number: Int) -> SegmentName {
        SegmentName(upload: upload, attempt: UploadAttempt(number: attempt), number: number)
    }

    private func name(_ attempt: UInt64, _ number: Int) -> String { "\(folder)/\(segment(attempt, number))" }

    private func answered(_ status: Int, _ headers: [String] = []) -> ExchangeResult {
        ExchangeResult(end: .answered(StoreAnswer(status: status, headers: headers)))
    }

    private func listing(_ names: [String]) -> ExchangeResult {
        let content = names.map { $0 + "\n" }.joined()
        return ExchangeResult(end: .answered(StoreAnswer(status: 200, content: content)))
    }
}
