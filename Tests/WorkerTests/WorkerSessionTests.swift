// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import TestServers
import Testing

@testable import SteelyardWorker

/// The worker's side of the protocol, packet by packet.
@Suite struct WorkerSessionTests {
    private static let job = JobAssignment(
        name: JobName(handle: Array("H:a:1".utf8), unique: Array("u".utf8)),
        function: Array("dev".utf8),
        payload: .bytes([])
    )

    /// The types and bodies of the packets that the session sends.
    private static func sent(_ session: inout WorkerSession) -> [(UInt32, String)] {
        var bytes: [UInt8] = []
        while session.output.count > 0 {
            _ = session.output.send { buffer in
                buffer.withUnsafeBytes { bytes.append(contentsOf: $0) }
                return buffer.byteCount
            }
        }
        var packets: [(UInt32, String)] = []
        while bytes.count >= 12 {
            let number = { (range: Range<Int>) in bytes[range].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } }
            let count = Int(number(8..<12))
            packets.append((number(4..<8), String(decoding: bytes[12..<12 + count], as: UTF8.self)))
            bytes.removeFirst(12 + count)
        }
        return packets
    }

    private static func registered() throws -> WorkerSession {
        var session = WorkerSession(function: "dev")
        #expect(sent(&session).map(\.0) == [1, 16])
        #expect(try session.receive(.echo(Array("steelyard 0".utf8))) == .registered)
        #expect(sent(&session).map(\.0) == [22])
        return session
    }

    @Test func asksAndSleeps() throws {
        var session = try Self.registered()
        session.requestJob()
        session.requestJob()
        #expect(Self.sent(&session).map(\.0) == [30, 4])
        #expect(try session.receive(.noJob) == nil)
        session.requestJob()
        #expect(Self.sent(&session).isEmpty)
        #expect(try session.receive(.noop) == nil)
        session.requestJob()
        #expect(Self.sent(&session).map(\.0) == [30, 4])
        #expect(try session.receive(.jobAssigned(Self.job)) == .assigned(Self.job))
        session.complete(Self.job.name, Array("reply".utf8))
        session.requestJob()
        #expect(Self.sent(&session).map(\.0) == [13, 30, 4])
    }

    /// If NOOP arrives before NO_JOB, the session requests a job again.
    @Test func missesNoAnnouncement() throws {
        var session = try Self.registered()
        session.requestJob()
        #expect(try session.receive(.noop) == nil)
        #expect(try session.receive(.noJob) == nil)
        _ = Self.sent(&session)
        session.requestJob()
        #expect(Self.sent(&session).first?.0 == 30)
    }

    /// Under load, only replies and requests are sent; when there are no more jobs, the session sends PRE_SLEEP.
    @Test func sleepsAfterABurst() throws {
        var session = try Self.registered()
        for round in 0..<4 {
            session.requestJob()
            #expect(Self.sent(&session).map(\.0) == (round < 2 ? [30, 4] : [30]))
            _ = try session.receive(.jobAssigned(Self.job))
        }
        session.requestJob()
        _ = Self.sent(&session)
        _ = try session.receive(.noJob)
        #expect(Self.sent(&session).map(\.0) == [4])
    }

    @Test(arguments: [(true, 1, true), (true, 0, false), (false, 0, false)] as [(Bool, Int, Bool)])
    func confirmsReplies(isKnown: Bool, clients: Int, isAwaited: Bool) throws {
        var session = try Self.registered()
        session.complete(Self.job.name, Array("reply".utf8), confirming: 5)
        let packets = Self.sent(&session)
        #expect(packets.map(\.0) == [41, 13, 16])
        #expect(packets.map(\.1) == ["u", "H:a:1\0reply", "steelyard 1"])
        let status = JobStatus(name: Array("u".utf8), isKnown: isKnown, isRunning: isKnown, clientCount: clients)
        #expect(try session.receive(.status(status)) == nil)
        #expect(
            try session.receive(.echo(Array("steelyard 1".utf8))) == .received(reply: 5, isAwaited: isAwaited)
        )
    }

    /// A server without GET_STATUS_UNIQUE answers with an error; the client is assumed to be connected.
    @Test func confirmsWithoutStatus() throws {
        var session = try Self.registered()
        session.complete(Self.job.name, [], confirming: 5)
        #expect(try session.receive(.error(code: "unknown", text: "")) == .refused(code: "unknown", text: ""))
        #expect(try session.receive(.echo(Array("steelyard 1".utf8))) == .received(reply: 5, isAwaited: true))
    }

    @Test func stops() throws {
        var session = try Self.registered()
        session.requestJob()
        session.stopTakingJobs()
        #expect(session.awaitsJob)
        #expect(try session.receive(.noJob) == nil)
        #expect(!session.awaitsJob)
        _ = Self.sent(&session)
        _ = try session.receive(.noop)
        session.requestJob()
        session.sendFarewell()
        #expect(Self.sent(&session).map(\.0) == [16])
        #expect(try session.receive(.echo(Array("steelyard 1".utf8))) == .finished)
    }

    @Test func needsTheFunctionToBeTaken() {
        var session = WorkerSession(function: "dev")
        #expect(throws: GearmanProtocolError.registrationRefused) {
            try session.receive(.error(code: "unknown_command", text: ""))
        }
    }

    /// A server that skips a request for a job and answers a later packet would never assign a job again.
    @Test func needsAnAnswerToEachRequest() throws {
        var session = try Self.registered()
        session.requestJob()
        #expect(try session.receive(.error(code: "unknown", text: "")) == .refused(code: "unknown", text: ""))
        session.requestSignOfLife()
        #expect(throws: GearmanProtocolError.requestIgnored) {
            try session.receive(.echo(Array("steelyard 1".utf8)))
        }
        session = try Self.registered()
        session.requestJob()
        session.requestSignOfLife()
        _ = try session.receive(.noJob)
        #expect(try session.receive(.echo(Array("steelyard 1".utf8))) == nil)
    }

    @Test func refusesWhatCannotCome() throws {
        let foreign = JobAssignment(name: Self.job.name, function: Array("other".utf8), payload: .bytes([]))
        let packets: [ServerPacket] = [
            .noJob, .jobAssigned(Self.job), .echo([]), .echo(Array("steelyard 1".utf8)), .jobCreated(handle: []),
            .workComplete(handle: [], []), .status(JobStatus(name: [], isKnown: true, isRunning: true, clientCount: 1)),
        ]
        for packet in packets {
            var session = try Self.registered()
            #expect(throws: GearmanProtocolError.self) { try session.receive(packet) }
        }
        var session = try Self.registered()
        session.requestJob()
        #expect(throws: GearmanProtocolError.self) { try session.receive(.jobAssigned(foreign)) }
    }
}
