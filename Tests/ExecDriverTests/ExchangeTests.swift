// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Synchronization
import Testing

@testable import ExecDriver

@Suite("Requests and responses")
struct ExchangeTests {
    /// Records the results of requests.
    private final class Recorder: Sendable {
        private let all = Mutex<[String]>([])
        var values: [String] { all.withLock { $0 } }

        func completion(_ name: String) -> Request.Completion {
            { [self] result in
                let text =
                    switch result {
                    case .success: "passed"
                    case .failure(.answered(let error)): "\(error.code)"
                    case .failure(.timedOut(let reason)): reason
                    case .failure(.ended(let reason)): "ended: \(reason)"
                    case .failure(.stopped): "stopped"
                    }
                all.withLock { $0.append("\(name): \(text)") }
            }
        }
    }

    private let start = ContinuousClock.now
    private let answers = Recorder()

    private func exchange(_ methods: Method..., limit: Duration? = nil) -> Exchange {
        var exchange = Exchange(now: start)
        for method in methods {
            let request = Request(method: method, timeout: .seconds(10), progressLimit: limit)
            _ = exchange.add(request, at: start, answers.completion(method.rawValue))
        }
        return exchange
    }

    private static func line(_ text: String) -> [UInt8] { Array(text.utf8) }

    private static func result(_ id: Int) -> [UInt8] { line("{\"jsonrpc\":\"2.0\",\"id\":\(id),\"result\":{}}") }

    private static func progress(_ id: Int) -> [UInt8] {
        line("{\"jsonrpc\":\"2.0\",\"method\":\"progress\",\"params\":{\"id\":\(id)}}")
    }

    @Test("responses may come in any order")
    func anyOrder() throws {
        var exchange = exchange(.apply, .status)
        try exchange.receive(Self.result(2), at: start)?()
        try exchange.receive(Self.result(1), at: start)?()
        #expect(answers.values == ["status: passed", "apply: passed"])
        #expect(exchange.deadline == nil)
    }

    @Test("requests are written completely and in order")
    func writing() throws {
        var exchange = exchange(.apply, .status)
        let first = try #require(exchange.unsentBytes)
        exchange.noteSent(5)
        #expect(exchange.unsentBytes == first.dropFirst(5))
        exchange.noteSent(first.count - 5)
        let second = String(decoding: try #require(exchange.unsentBytes), as: UTF8.self)
        #expect(second == "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"status\",\"params\":{\"timeout_ms\":10000}}\n")
        exchange.noteSent(second.utf8.count)
        #expect(exchange.unsentBytes == nil)
    }

    @Test("a late response is dropped; a second one is a fault")
    func lateAnswer() throws {
        var exchange = exchange(.status)
        exchange.noteSent(try #require(exchange.unsentBytes).count)
        let (completed, fault) = exchange.expire(at: start + .seconds(10))
        for response in completed { response() }
        #expect(fault == nil && answers.values == ["status: did not answer 'status' within 10 s"])
        #expect(try exchange.receive(Self.result(1), at: start) == nil)
        #expect(throws: ProtocolFault("answered a request that is not pending (id 1)")) {
            _ = try exchange.receive(Self.result(1), at: start)
        }
    }

    @Test("a request that is not sent yet is withdrawn at its time-out")
    func withdrawal() {
        var exchange = exchange(.status)
        _ = exchange.expire(at: start + .seconds(10))
        #expect(exchange.unsentBytes == nil && exchange.deadline == nil)
    }

    @Test("a change that times out ends the program; other requests do not")
    func changeTimeout() {
        for method in [Method.apply, .suspend, .enable, .delete, .initialize] {
            var exchange = exchange(method)
            #expect(exchange.expire(at: start + .seconds(9)).fault == nil)
            #expect(exchange.expire(at: start + .seconds(10)).fault != nil)
        }
        var exchange = exchange(.usage, .preview, .openLog)
        let (completed, fault) = exchange.expire(at: start + .seconds(10))
        #expect(completed.count == 3 && fault == nil)
    }

    @Test("progress extends the time-out, up to the limit")
    func progress() throws {
        var exchange = exchange(.apply, limit: .seconds(25))
        #expect(try exchange.receive(Self.progress(1), at: start + .seconds(8)) == nil)
        #expect(exchange.deadline == start + .seconds(18))
        _ = try exchange.receive(Self.progress(1), at: start + .seconds(17))
        #expect(exchange.deadline == start + .seconds(25))
        let (completed, _) = exchange.expire(at: start + .seconds(25))
        for response in completed { response() }
        #expect(answers.values == ["apply: did not answer 'apply' within 25 s"])
    }

    @Test("progress does not extend the time-out of a request without a progress limit")
    func noProgress() throws {
        var exchange = exchange(.status)
        _ = try exchange.receive(Self.progress(1), at: start + .seconds(8))
        #expect(exchange.deadline == start + .seconds(10))
    }

    @Test("a program that is silent for half a minute is at fault, unless a change is running")
    func silence() throws {
        var exchange = exchange(.status)
        exchange.noteSent(try #require(exchange.unsentBytes).count)
        #expect(exchange.expire(at: start + .seconds(29)).fault == nil)
        let apply = Request(method: .apply, timeout: .seconds(60))
        _ = exchange.add(apply, at: start + .seconds(29), answers.completion("apply"))
        #expect(exchange.expire(at: start + .seconds(80)).fault == nil)
        _ = try exchange.receive(Self.result(2), at: start + .seconds(80))
        #expect(exchange.expire(at: start + .seconds(109)).fault == nil)
        #expect(exchange.deadline == start + .seconds(110))
        #expect(exchange.expire(at: start + .seconds(110)).fault != nil)
    }

    @Test("requests above the limit are rejected immediately")
    func tooMany() {
        var exchange = exchange()
        for _ in 0..<Exchange.greatestPending {
            let status = Request(method: .status, timeout: .seconds(1))
            #expect(exchange.add(status, at: start, answers.completion("status")) == nil)
        }
        exchange.add(Request(method: .status, timeout: .seconds(1)), at: start, answers.completion("last"))?()
        #expect(answers.values == ["last: has not answered 256 requests; no more are sent"])
    }

    @Test("the end fails all requests, in order")
    func end() {
        var exchange = exchange(.apply, .status)
        for response in exchange.end(.ended("crashed")) { response() }
        #expect(answers.values == ["apply: ended: crashed", "status: ended: crashed"])
        #expect(exchange.unsentBytes == nil && exchange.deadline == nil)
    }
}
