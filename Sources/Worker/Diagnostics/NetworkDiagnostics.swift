// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem
import Synchronization

/// Probes the external network and every job server, in parallel.
///
/// A DIAGNOSTICS that arrives during another gets the same report: each probe has its own thread.
final class NetworkDiagnostics: DeviceDiagnostics {
    private let target: GearmanServer
    private let servers: [GearmanServer]
    private let tls: TLSContextSource?
    private let function: String
    private let timeout: Int
    private let style: DiagnosticsReport.Style
    private let running = Mutex<Task<DiagnosticsReport, Never>?>(nil)

    init(_ configuration: WorkerConfiguration) {
        target = configuration.diagnostics.target
        timeout = configuration.diagnostics.timeout
        style = configuration.diagnostics.style
        servers = configuration.servers
        tls = configuration.tls.map { TLSContextSource($0) }
        function = configuration.function
    }

    func run() async -> DiagnosticsReport {
        let task = running.withLock { running in
            let task =
                running
                ?? Task { [self] in
                    let report = await probeAll()
                    self.running.withLock { $0 = nil }
                    return report
                }
            running = task
            return task
        }
        return await task.value
    }

    private func probeAll() async -> DiagnosticsReport {
        let milliseconds = Int32(timeout * 1000)
        let (network, answers) = await withTaskGroup(of: (Int?, Bool).self) { group in
            group.addTask { [target, self] in
                (nil, await probe { TCPProbe.connects(to: target, milliseconds: milliseconds) })
            }
            for (index, server) in servers.enumerated() {
                group.addTask { [tls, self] in
                    let answers = await probe {
                        Self.answersEcho(server, tls, within: .milliseconds(milliseconds))
                    }
                    return (index, answers)
                }
            }
            var network = false
            var answers = [Bool](repeating: false, count: servers.count)
            for await (index, answer) in group {
                if let index { answers[index] = answer } else { network = answer }
            }
            return (network, answers)
        }
        let results = zip(servers, answers).map { server, answers in
            let isAlone = servers.count { $0.host == server.host } == 1
            return DiagnosticsReport.Server(name: isAlone ? server.host : server.description, answers: answers)
        }
        return DiagnosticsReport(network: network, servers: results, style: style, function: function)
    }

    private static func answersEcho(_ server: GearmanServer, _ tls: TLSContextSource?, within limit: Duration) -> Bool {
        let deadline = ContinuousClock.now + limit
        do throws(ConnectionError) {
            try GearmanClient(server, tls: tls, by: deadline).echo(by: deadline)
            return true
        } catch { return false }
    }

    /// Runs a probe on its own thread, and waits only until its timeout: a name lookup cannot be cancelled.
    private func probe(_ body: @escaping @Sendable () -> Bool) async -> Bool {
        await withCheckedContinuation { continuation in
            let first = FirstAnswer(continuation)
            let timer = Task { [timeout] in
                try? await Task.sleep(for: .seconds(timeout))
                first.give(false)
            }
            do throws(ThreadError) {
                try DedicatedThread.start(name: "diagnostics") {
                    first.give(body())
                    timer.cancel()
                }
            } catch {
                first.give(false)
                timer.cancel()
            }
        }
    }
}

/// Resumes a continuation with the first result.
private final class FirstAnswer: Sendable {
    private let continuation: Mutex<CheckedContinuation<Bool, Never>?>

    init(_ continuation: CheckedContinuation<Bool, Never>) { self.continuation = Mutex(continuation) }

    func give(_ answer: Bool) { continuation.withLock { $0.take() }?.resume(returning: answer) }
}
