// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

@testable import SteelyardWorker

extension FuzzTarget {
    /// A job server's bytes to the worker, while the worker requests jobs, completes them and stops.
    static let workerSession = FuzzTarget(name: "worker-session") { bytes in
        let input = ControlledInput(bytes)
        var whole = WorkerConversation(input)
        for piece in JobServerPackets.pieces(of: input, areWhole: true) { try whole.take(piece) }
        var cut = WorkerConversation(input)
        for piece in JobServerPackets.pieces(of: input, areWhole: false) { try cut.take(piece) }
        try FuzzFailure.requireEqual(whole.record, cut.record, "splitting the bytes changes nothing")
    }
}

/// A worker's side of a connection whose decisions depend only on the control bytes.
private struct WorkerConversation {
    private static let payloadLimits = [0, 100, 8 << 20, 70_000]

    /// All events and sent bytes.
    private(set) var record: [String] = []
    private let input: ControlledInput
    private let payloadLimit: Int
    private var decoder: GearmanPacketDecoder
    private var session = WorkerSession(function: "device")
    private var jobs = JobTable()
    private var inHand: [Int] = []
    private var packetCount = 0
    private var hasFailed = false

    init(_ input: ControlledInput) {
        self.input = input
        payloadLimit = Self.payloadLimits[input[1] & 3]
        decoder = GearmanPacketDecoder(payloadLimit: payloadLimit)
        session.requestJob()
    }

    mutating func take(_ piece: [UInt8]) throws {
        guard !hasFailed else { return }
        decoder.append(piece)
        do throws(GearmanProtocolError) {
            while let packet = try decoder.next() {
                packetCount += 1
                if let event = try session.receive(packet) { handle(event) }
                decide()
                send()
            }
        } catch {
            hasFailed = true
            record.append("\(error)")
        }
        if case .assigned(let job)? = lastEvent, case .bytes(let payload) = job.payload {
            try FuzzFailure.require(
                payload.count <= payloadLimit + 3 * (ServerPacket.longestArgument + 1),
                "a payload of \(payload.count) bytes was kept; the limit is \(payloadLimit)"
            )
        }
    }

    private var lastEvent: WorkerSession.Event?

    private mutating func handle(_ event: WorkerSession.Event) {
        lastEvent = event
        record.append("\(event)")
        switch event {
        case .assigned(let job):
            switch jobs.begin(job, changeCount: 0, wake: {}) {
            case .adopted: record.append("adopted")
            case .answered(let reply): session.complete(job.name, reply)
            case .begun(let number, let job):
                job.report(progress: UInt64(packetCount), of: .max)
                inHand.append(number)
            }
        case .received(let reply, _): record.append("known: \(jobs.takeDelivery(reply) != nil)")
        case .registered, .finished, .refused: break
        }
    }

    private mutating func decide() {
        let choice = input[packetCount]
        if choice & 0x01 != 0 { session.requestJob() }
        if choice & 0x02 != 0, !inHand.isEmpty { finish(inHand.removeFirst(), isConfirmed: choice & 0x04 != 0) }
        if choice & 0x08 != 0 { session.requestSignOfLife() }
        if choice & 0x30 == 0x30 { session.sendFarewell() }
        if choice & 0xC0 == 0xC0 { session.stopTakingJobs() }
        if choice & 0x90 == 0x90 { jobs.endConnection() }
        for (name, progress) in jobs.takeProgress().sorted(by: { $0.0.handle.lexicographicallyPrecedes($1.0.handle) }) {
            session.report(name, progress)
        }
    }

    private mutating func finish(_ number: Int, isConfirmed: Bool) {
        let delivered: @Sendable () async -> Void = {}
        let outcome = Outcome(Reply(to: nil, passed: true), delivered: isConfirmed ? delivered : nil)
        guard let name = jobs.finish(number, outcome, changeCount: 0) else { return }
        if let delivered = outcome.delivered {
            session.complete(name, outcome.reply.bytes, confirming: jobs.expectDelivery(delivered))
        } else {
            session.complete(name, outcome.reply.bytes)
        }
    }

    private mutating func send() {
        while session.output.count > 0 {
            _ = session.output.send { span in
                record.append(
                    "sends \((0..<span.byteCount).map { unsafe span.unsafeLoad(fromByteOffset: $0, as: UInt8.self) })"
                )
                return span.byteCount
            }
        }
    }
}
