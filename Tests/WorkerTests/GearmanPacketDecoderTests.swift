// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import TestServers
import Testing

@testable import SteelyardWorker

/// Decoding of valid and invalid bytes, split at any offset.
@Suite(.ownThread) struct GearmanPacketDecoderTests {
    private static func packet(_ kind: GearmanPacketKind, _ body: String) -> [UInt8] {
        ScriptedJobServer.header(kind.rawValue, byteCount: body.utf8.count) + Array(body.utf8)
    }

    private static func decode(_ bytes: [UInt8], cutEvery size: Int, payloadLimit: Int = 1000) throws -> [ServerPacket]
    {
        var decoder = GearmanPacketDecoder(payloadLimit: payloadLimit)
        var packets: [ServerPacket] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            decoder.append(bytes[start..<min(start + size, bytes.count)])
            while let packet = try decoder.next() { packets.append(packet) }
        }
        return packets
    }

    @Test(arguments: [1, 2, 3, 7, 12, 13, 64, 5000, 1 << 20])
    func cuts(_ size: Int) throws {
        let bytes =
            Self.packet(.noop, "") + Self.packet(.jobAssignUnique, "H:a:1\0dev\0u-1\0{\"a\":1}")
            + Self.packet(.noJob, "")
            + Self.packet(.jobAssignUnique, "H:a:2\0dev\0\0" + String(repeating: "x", count: 9000))
            + Self.packet(.echoResponse, "word") + Self.packet(.error, "job_not_found\0no\nsuch\u{1B}job")
            + Self.packet(.statusResponseUnique, "u-1\01\00\03\04\02")
        let small = JobName(handle: Array("H:a:1".utf8), unique: Array("u-1".utf8))
        let large = JobName(handle: Array("H:a:2".utf8), unique: [])
        let function = Array("dev".utf8)
        #expect(
            try Self.decode(bytes, cutEvery: size) == [
                .noop,
                .jobAssigned(JobAssignment(name: small, function: function, payload: .bytes(Array("{\"a\":1}".utf8)))),
                .noJob,
                .jobAssigned(JobAssignment(name: large, function: function, payload: .omitted(byteCount: 9000))),
                .echo(Array("word".utf8)),
                .error(code: "job_not_found", text: "no?such?job"),
                .status(JobStatus(name: small.unique, isKnown: true, isRunning: false, clientCount: 2)),
            ]
        )
    }

    @Test(arguments: [
        "ERROR\r\n", "\n", "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n", "\0REQ", "\0RE\0",
        "\u{16}\u{3}\u{1}", " ", "\0R\n",
    ])
    func foreignProtocols(_ text: String) {
        #expect(throws: GearmanProtocolError.notGearman) { try Self.decode(Array(text.utf8), cutEvery: 1) }
    }

    @Test(arguments: [
        (GearmanPacketKind.noop, "x"), (.noJob, "x"), (.jobAssignUnique, ""), (.jobAssignUnique, "H:a:1"),
        (.jobAssignUnique, "H:a:1\0dev"), (.jobAssignUnique, "H:a:1\0dev\0u"), (.workStatus, "H\0x\01"),
        (.workStatus, "H\01\0-1"), (.statusResponseUnique, "u\01\00\03\04"), (.statusResponse, "H\0y\00\03\04"),
        (.jobAssignUnique, String(repeating: "h", count: 2000) + "\0f\0u\0p"), (.error, "no end"),
        (.canDo, "dev"), (GearmanPacketKind(rawValue: 0), ""), (GearmanPacketKind(rawValue: .max), ""),
        (.jobCreated, String(repeating: "h", count: 70_000)),
    ])
    func malformed(_ kind: GearmanPacketKind, _ body: String) {
        #expect(throws: GearmanProtocolError.self) { try Self.decode(Self.packet(kind, body), cutEvery: 50) }
    }

    /// A false length uses no memory: 4 GB are announced and discarded as they arrive.
    @Test func keepsNoLargePayload() throws {
        var decoder = GearmanPacketDecoder(payloadLimit: 1000)
        decoder.append(ScriptedJobServer.header(31, byteCount: Int(UInt32.max)) + Array("H:a:1\0dev\0u\0".utf8))
        #expect(try decoder.next() == nil)
        let block = [UInt8](repeating: 0x20, count: 1 << 20)
        for _ in 0..<4095 {
            decoder.append(block)
            #expect(try decoder.next() == nil)
        }
        decoder.append(block)
        decoder.append(Self.packet(.noop, ""))
        guard case .jobAssigned(let job)? = try decoder.next() else {
            Issue.record("the job is missing")
            return
        }
        #expect(job.payload == .omitted(byteCount: Int(UInt32.max) - 12))
    }

    @Test func randomBytes() throws {
        var random = SeededGenerator(seed: 7)
        let kinds: [UInt32] = [6, 8, 10, 11, 12, 13, 14, 17, 19, 20, 25, 27, 28, 29, 31, 42]
        for _ in 0..<20_000 {
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let count = Int.random(in: 0...60, using: &random)
                let body = (0..<count).map { _ in
                    Bool.random(using: &random) ? UInt8.random(in: 0...255, using: &random) : UInt8(ascii: "1")
                }
                let isTrue = Int.random(in: 0...9, using: &random) > 0
                let claimed = isTrue ? count : Int.random(in: 0...5000, using: &random)
                let kind = kinds.randomElement(using: &random) ?? 6
                bytes += ScriptedJobServer.header(kind, byteCount: claimed) + body
            }
            // The result must not depend on the offsets at which the bytes are split.
            let whole = Result { try Self.decode(bytes, cutEvery: bytes.count, payloadLimit: 0) }
            let size = Int.random(in: 1...20, using: &random)
            let cut = Result { try Self.decode(bytes, cutEvery: size, payloadLimit: 0) }
            #expect(Self.description(whole) == Self.description(cut))
        }
    }

    private static func description(_ result: Result<[ServerPacket], any Error>) -> String {
        switch result {
        case .success(let packets): "\(packets)"
        case .failure(let error): "\(error)"
        }
    }
}
