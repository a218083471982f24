// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCore

/// One message on its way to a worker and back.
struct Submission: Sendable {
    enum Result: Sendable {
        case reply([UInt8])
        case handle(String)
        /// No server could be reached, or no reply came in time.
        case nothing(String)
    }

    let payload: [UInt8]
    let servers: [GearmanServer]
    let function: String
    let timeout: Duration
    let isBackground: Bool

    /// Submits the message to the first server that can be reached, and waits: for a thread of its own.
    func run() -> Result {
        let deadline = ContinuousClock.now + timeout
        var reasons: [String] = []
        for server in servers {
            let left = deadline - ContinuousClock.now
            guard left > .zero else { break }
            let milliseconds = Int32(clamping: Int(left / .milliseconds(1)))
            guard let client = GearmanClientHandle(server: server, timeout: milliseconds) else { continue }
            // A server that answers an echo is there; only then can a job be on its way without a reply.
            guard client.echo() == .success else {
                reasons.append("\(server) cannot be reached")
                continue
            }
            return submit(client, to: server, until: deadline)
        }
        return .nothing("no job server answers: \(reasons.joined(separator: "; "))")
    }

    static func isPass(_ reply: [UInt8]) -> Bool {
        guard let document = try? JSONDocument(reply) else { return false }
        return document.root.string(of: "hpcs_response") == "PASS"
    }

    private func submit(
        _ client: GearmanClientHandle,
        to server: GearmanServer,
        until deadline: ContinuousClock.Instant
    ) -> Result {
        if isBackground {
            let (code, handle) = client.submitInBackground(payload, to: function)
            return code == .success ? .handle(handle) : .nothing("\(server) did not take the job: \(client.error)")
        }
        var bar = ProgressBar()
        let (code, reply) = client.submit(payload, to: function, until: deadline) {
            // What is larger than Gearman's numbers is told in larger units.
            bar.show(UInt64($0), of: UInt64($1), isInBytes: $1 < UInt32(1) << 31)
        }
        bar.clear()
        if let reply { return .reply(reply) }
        if code == .timeout {
            return .nothing("no reply from function \(function) at \(server) within \(timeout.components.seconds) s")
        }
        return .nothing("no reply from function \(function) at \(server): \(code)")
    }
}
