// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCore

/// One message submitted as a client, and its reply.
struct Submission: Sendable {
    typealias Instant = ContinuousClock.Instant

    enum Result: Sendable {
        case reply([UInt8])
        /// The server's handle of a background job.
        case handle(String)
        /// No reply: no server was reachable, or no reply arrived in time; with the reason.
        case nothing(String)
    }

    /// The timeout of an echo request; then the next server is tried.
    private static let echoLimit = Duration.seconds(2)
    /// The timeout for creating a job; then the next server is tried.
    private static let creationLimit = Duration.seconds(10)
    /// The time without a reply after which the client checks whether the job was started.
    private static let firstQuestion = Duration.milliseconds(300)
    /// The time in which a worker may reconnect, for example after its job server was restarted.
    private static let workerLimit = Duration.seconds(2)

    let payload: [UInt8]
    let servers: [GearmanServer]
    let tls: TLSContextSource?
    let function: String
    let timeout: Duration
    let isBackground: Bool

    /// Submits the message to the first server that responds and has a worker for the function, and waits for the
    /// reply.
    ///
    /// It blocks: call it on its own thread.
    func run() -> Result {
        let deadline = ContinuousClock.now + timeout
        var reasons: [String] = []
        for server in servers where .now < deadline {
            do throws(ConnectionError) {
                let echoDeadline = min(deadline, .now + Self.echoLimit)
                let client = try GearmanClient(server, tls: tls, by: echoDeadline)
                // Only a Gearman server answers an echo request; any other would lose the job without an error.
                try client.echo(by: echoDeadline)
                if isBackground { return .handle(try submitInBackground(client, by: deadline)) }
                return .reply(try submit(client, to: server, by: deadline))
            } catch { reasons.append("\(server): \(error)") }
        }
        return .nothing("no reply from function \(function): \(reasons.joined(separator: "; "))")
    }

    static func isPass(_ reply: [UInt8]) -> Bool {
        guard let document = try? JSONDocument(reply) else { return false }
        return document.root.string(of: "hpcs_response") == "PASS"
    }

    private func submitInBackground(_ client: GearmanClient, by deadline: Instant) throws(ConnectionError) -> String {
        try client.send(.submitJobInBackground, Array(function.utf8), Self.uniqueID(), payload, by: deadline)
        return ServerPacket.Arguments.printable(try Self.created(client, by: deadline)[...])
    }

    private func submit(
        _ client: GearmanClient,
        to server: GearmanServer,
        by deadline: Instant
    ) throws(ConnectionError) -> [UInt8] {
        // The unique id lets the worker find out whether a client waits for the job.
        try client.send(.submitJob, Array(function.utf8), Self.uniqueID(), payload, by: deadline)
        var wait = JobWait(handle: try Self.created(client, by: deadline))
        defer { wait.end() }
        let submitted = ContinuousClock.now
        var question = submitted + Self.firstQuestion
        while true {
            let packet = try client.receive(by: wait.isRunning ? deadline : min(deadline, question))
            if let packet, let reply = try wait.take(packet) { return reply }
            if packet != nil, .now < deadline { continue }
            guard .now < deadline else {
                throw ConnectionError("no reply within \(timeout.components.seconds) s")
            }
            try client.send(.getStatus, wait.handle, by: deadline)
            try requireWorker(at: server, since: submitted, by: deadline)
            question = .now + Self.firstQuestion
        }
    }

    /// - Throws: `ConnectionError` if no worker serves the function for some time.
    private func requireWorker(
        at server: GearmanServer,
        since submitted: Instant,
        by deadline: Instant
    ) throws(ConnectionError) {
        let limit = min(deadline, .now + Self.echoLimit)
        // A server that does not support the request is not an error.
        guard let status = try? FunctionStatus(of: function, at: server, tls: tls, by: limit), status.workerCount == 0
        else {
            return
        }
        guard .now - submitted < Self.workerLimit else {
            throw ConnectionError("no worker serves the function; function names are case-sensitive")
        }
    }

    private static func created(_ client: GearmanClient, by deadline: Instant) throws(ConnectionError) -> [UInt8] {
        switch try client.receive(by: min(deadline, .now + creationLimit)) {
        case .jobCreated(let handle): return handle
        case .error(let code, let text): throw ConnectionError("the server rejected the job: \(code) \(text)")
        case let packet?: throw ConnectionError("\(GearmanProtocolError.unexpected(packet.kind))")
        case nil: throw .noAnswer
        }
    }

    private static func uniqueID() -> [UInt8] {
        var random = SystemRandomNumberGenerator()
        return Array("\(String(random.next(), radix: 16))\(String(random.next(), radix: 16))".utf8)
    }
}
