// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import TestServers
import Testing

/// Effects of the proxy between a worker and its job server on the worker's connections.
@Suite(Requirement.gearmand.trait) struct ChaosProxyTests {
    /// The worker's view after an echo request.
    private enum Answer {
        case echo
        case end
        case nothing
    }

    /// Passes a connection through the proxy, which was used once, to a closure.
    private func withProxy(
        _ body: @escaping @Sendable (ChaosProxy, RawGearmanClient) throws -> Void
    ) async throws {
        try await withTemporaryFolder { folder in
            try await withGearmand(in: folder) { gearmand in
                let proxy = try ChaosProxy(to: gearmand.port)
                defer { proxy.stop() }
                try await blocking {
                    let worker = try RawGearmanClient(port: proxy.port)
                    try #require(Self.echo(worker) == .echo)
                    try body(proxy, worker)
                }
            }
        }
    }

    private static func echo(_ worker: RawGearmanClient, within seconds: Double = 5) -> Answer {
        let word = Array("Are you there?".utf8)
        guard worker.send(RawGearmanPacket(.echoRequest, word)) else { return .end }
        do {
            guard let packet = try worker.next(until: .now + .seconds(seconds)) else { return .nothing }
            return packet == RawGearmanPacket(.echoResult, word) ? .echo : .end
        } catch { return .end }
    }

    @Test(arguments: [ChaosLink.normal, .delayed(milliseconds: 20), .trickling])
    func passesAll(link: ChaosLink) async throws {
        try await withProxy { proxy, worker in
            proxy.set(link)
            for _ in 0..<5 { #expect(Self.echo(worker) == .echo) }
        }
    }

    @Test(arguments: [
        ChaosFault.reset, .close, .halfClose(.toWorker), .halfClose(.toServer), .resetAfter(3, .toWorker),
    ])
    func endsTheConnectionsOfTheMoment(fault: ChaosFault) async throws {
        try await withProxy { proxy, worker in
            proxy.strike(fault)
            #expect(Self.echo(worker) == .end)
            let next = try RawGearmanClient(port: proxy.port)
            #expect(Self.echo(next) == .echo)
        }
    }

    @Test(arguments: [[ChaosFault.Direction.toServer], [.toWorker], [.toServer, .toWorker]])
    func silence(directions: [ChaosFault.Direction]) async throws {
        try await withProxy { proxy, worker in
            proxy.strike(.silence(Set(directions)))
            #expect(Self.echo(worker, within: 0.2) == .nothing)
            #expect(worker.isOpen)
            let next = try RawGearmanClient(port: proxy.port)
            #expect(Self.echo(next) == .echo)
        }
    }

    @Test func stalledConnectionGoesOn() async throws {
        try await withProxy { proxy, worker in
            proxy.set(.stalled)
            #expect(Self.echo(worker, within: 0.2) == .nothing)
            proxy.set(.normal)
            let late = try worker.next(until: .now + .seconds(5))
            #expect(late?.kind == .echoResult)
            #expect(Self.echo(worker) == .echo)
        }
    }

    @Test(arguments: [ChaosFault.Corruption.magic, .insert(Array("ERROR\r\n".utf8)), .kind(99)])
    func damagesOnePacket(corruption: ChaosFault.Corruption) async throws {
        try await withProxy { proxy, worker in
            proxy.strike(.corrupt(corruption))
            #expect(Self.echo(worker) == .end)
        }
    }

    /// Jobs that a damaged packet may have changed are known by their handles.
    @Test func knowsTheJobsOfDamagedPackets() async throws {
        try await withProxy { proxy, worker in
            let function = Array("damaged".utf8)
            worker.send(RawGearmanPacket(.canDo, function))
            let client = try RawGearmanClient(port: proxy.port)
            for isDamaged in [false, true] {
                #expect(client.submit([1, 2, 3], function: "damaged", unique: isDamaged ? "u1" : "u2"))
                let created = try client.next(until: .now + .seconds(5))
                let handle = String(decoding: try #require(created).body, as: UTF8.self)
                if isDamaged { proxy.strike(.corrupt(.kind(99))) }
                worker.send(RawGearmanPacket(.grabJob))
                let assigned = try worker.next(until: .now + .seconds(5))
                #expect(assigned?.kind == (isDamaged ? nil : .jobAssign))
                #expect(proxy.hasDamaged(handle) == isDamaged)
            }
        }
    }
}
