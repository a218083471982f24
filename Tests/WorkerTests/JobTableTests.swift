// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import NoOpDriver
import SteelyardCore
import Testing

@testable import SteelyardWorker

/// Jobs that the job server assigns again after a lost connection.
@Suite struct JobTableTests {
    private static func job(_ payload: String, unique: String = "u", handle: String = "H:a:1") -> JobAssignment {
        JobAssignment(
            name: JobName(handle: Array(handle.utf8), unique: Array(unique.utf8)),
            function: Array("dev".utf8),
            payload: .bytes(Array(payload.utf8))
        )
    }

    private static func begun(_ table: inout JobTable, _ job: JobAssignment) throws -> Int {
        guard case .begun(let number, _) = table.begin(job, changeCount: 0, wake: {}) else {
            throw BeginningFailure()
        }
        return number
    }

    private struct BeginningFailure: Error {}

    private static func outcome(_ text: String) throws -> Outcome {
        Outcome(Reply(to: nil, error: text, fields: []), hasEffect: true)
    }

    @Test func isAdoptedWhileInHand() throws {
        var table = JobTable()
        let number = try Self.begun(&table, Self.job("a"))
        table.endConnection()
        guard case .adopted = table.begin(Self.job("a"), changeCount: 0, wake: {}) else {
            Issue.record("the job started twice")
            return
        }
        #expect(try table.finish(number, Self.outcome("x"), changeCount: 0) == Self.job("a").name)
        #expect(table.isEmpty)
    }

    @Test func isAnsweredOnceDone() throws {
        var table = JobTable()
        let number = try Self.begun(&table, Self.job("a"))
        table.endConnection()
        let outcome = try Self.outcome("x")
        #expect(table.finish(number, outcome, changeCount: 0) == nil)
        for _ in 0..<2 {
            guard case .answered(let reply) = table.begin(Self.job("a"), changeCount: 0, wake: {}) else {
                Issue.record("the job started again")
                return
            }
            #expect(reply == outcome.reply.bytes)
        }
    }

    /// A different payload or handle, or no unique id, means a different job, which is executed.
    @Test(arguments: [
        job("a", unique: "-"), job("a", unique: String(repeating: "u", count: 63)), job("b"), job("a", handle: "H:a:2"),
        job("a", unique: ""), job("a", unique: "v"),
    ])
    func isAnotherJob(_ other: JobAssignment) throws {
        var table = JobTable()
        let number = try Self.begun(&table, Self.job("a"))
        table.endConnection()
        #expect(try Self.begun(&table, other) != number)
    }

    /// A reply that is committed after its delivery must be generated again: its content may have changed.
    @Test func isDoneAgainWhereTheReplyIsCommitted() throws {
        var table = JobTable()
        let number = try Self.begun(&table, Self.job("a"))
        table.endConnection()
        let outcome = Outcome(Reply(to: nil, error: "x", fields: []), delivered: {})
        #expect(table.finish(number, outcome, changeCount: 0) == nil)
        #expect(try Self.begun(&table, Self.job("a")) != number)
    }

    /// After another change, the stored reply is out of date.
    @Test func isDoneAgainAfterAnotherChange() throws {
        var table = JobTable()
        let number = try Self.begun(&table, Self.job("a"))
        table.endConnection()
        #expect(try table.finish(number, Self.outcome("x"), changeCount: 1) == nil)
        guard case .begun = table.begin(Self.job("a"), changeCount: 2, wake: {}) else {
            Issue.record("the job did not start again")
            return
        }
    }

    @Test func forgetsUnconfirmedReplies() throws {
        var table = JobTable()
        let first = table.expectDelivery {}
        #expect(table.takeDelivery(first) != nil)
        #expect(table.takeDelivery(first) == nil)
        let second = table.expectDelivery {}
        table.endConnection()
        #expect(table.takeDelivery(second) == nil)
    }

    /// Small messages are always accepted; large ones only while there is memory for them.
    @Test func boundsItsMemory() throws {
        var table = JobTable()
        #expect(table.payloadLimit(messageBytes: 8 << 20) == 8 << 20)
        var numbers: [Int] = []
        for round in 0..<4 {
            let payload = String(repeating: "x", count: 8 << 20)
            numbers.append(try Self.begun(&table, Self.job(payload, unique: "\(round)")))
        }
        #expect(table.payloadLimit(messageBytes: 8 << 20) == 64 << 10)
        for number in numbers { _ = try table.finish(number, Self.outcome("x"), changeCount: 0) }
        #expect(table.payloadLimit(messageBytes: 8 << 20) == 8 << 20)
    }
}
