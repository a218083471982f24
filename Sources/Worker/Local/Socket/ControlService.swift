// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import ServiceLifecycle
import SteelyardCore
import SteelyardSystem
import Synchronization
import SystemPackage

/// Answers `steelyard status` and takes messages on the control socket, until graceful shutdown; see ``ControlRequest``.
///
/// Only root and the agent's user are answered. A client costs a thread while it sends and while it reads, and none while
/// its message is being processed.
final class ControlService: Service {
    private struct Client {
        let socket: LocalSocket
        let job = ControlJob()
    }

    private struct State {
        var isStopping = false
        var clients: [Int: Client] = [:]
        var clientNumber = 0
        var messageCount = 0
        /// Resumed when the last client has gone.
        var waiting: CheckedContinuation<Void, Never>?
    }

    /// How many clients are served at a time.
    static let clientLimit = 8
    /// How many messages are in hand at a time: fewer, so that the status is always to be had.
    static let messageLimit = 6
    /// How long a client may take to send its request, and to read a part of the answer.
    private static let timeLimit = Duration.seconds(5)

    /// How long the messages being processed may take once the agent stops.
    private static let stopLimit = Duration.seconds(20)

    private let dispatcher: Dispatcher
    private let status: @Sendable () async -> StatusReport
    private let logger: Logger
    private let listener: LocalListener?
    private let state = Mutex(State())

    /// Makes the socket; if it cannot be made, the agent runs without it, and the log has an error.
    ///
    /// - Parameters:
    ///   - folder: The state directory, whose lock the agent has.
    ///   - dispatcher: What answers messages.
    ///   - status: What makes the report.
    ///   - logger: Takes a line for each message.
    init(
        in folder: FilePath,
        dispatcher: Dispatcher,
        status: @escaping @Sendable () async -> StatusReport,
        logger: Logger
    ) {
        self.dispatcher = dispatcher
        self.status = status
        self.logger = logger
        do throws(FileError) { listener = try LocalListener(folder.appending(ControlRequest.socketName)) } catch {
            listener = nil
            logger.error(
                "control socket not available; steelyard status will not work",
                metadata: [LogKeys.error: "\(error)"]
            )
        }
    }

    func run() async throws {
        if let listener {
            try DedicatedThread.start(name: "control") { [self] in
                while let socket = listener.accept() { take(socket) }
            }
        }
        try? await gracefulShutdown()
        listener?.stop()
        await end()
    }

    /// Answers a client, unless it may not ask.
    private func take(_ socket: LocalSocket) {
        guard let peer = socket.peer, peer.isTrusted else { return }
        let number = state.withLock { state -> Int? in
            guard !state.isStopping, state.clients.count < Self.clientLimit else { return nil }
            state.clientNumber += 1
            state.clients[state.clientNumber] = Client(socket: socket)
            return state.clientNumber
        }
        guard let number else { return }
        Task {
            await serve(number, peer)
            remove(number)
        }
    }

    private func serve(_ number: Int, _ peer: LocalSocket.Peer) async {
        guard let client = state.withLock({ $0.clients[number] }) else { return }
        let socket = client.socket
        let limit = dispatcher.limits.messageBytes
        let reading = try? await DedicatedThread.run(name: "control-read") {
            try? socket.readToEnd(atMost: limit, by: .after(Self.timeLimit))
        }
        guard let reading = reading ?? nil, !state.withLock({ $0.isStopping }) else { return }
        switch reading {
        case .timedOut: return
        case .tooLarge:
            guard let refused = dispatcher.refuse(byteCount: limit + 1, job: client.job) else { return }
            _ = await send(refused.reply.bytes, to: socket)
        case .whole(let bytes):
            switch ControlRequest(bytes) {
            case .status: _ = await send(StateFile.encode(await status()), to: socket)
            case .message(let message):
                let outcome = await answer(message, client.job, peer)
                if await send(outcome.reply.bytes, to: socket) { await outcome.delivered?() }
            }
        }
    }

    private func answer(_ message: [UInt8], _ job: ControlJob, _ peer: LocalSocket.Peer) async -> Outcome {
        let isAllowed = state.withLock { state in
            guard state.messageCount < Self.messageLimit else { return false }
            state.messageCount += 1
            return true
        }
        guard isAllowed else {
            return dispatcher.refuse(
                busy: "\(Self.messageLimit) messages on the control socket are being processed; send it again",
                job: job
            )
        }
        defer { state.withLock { $0.messageCount -= 1 } }
        logger.notice(
            "message received on the control socket",
            metadata: [
                LogKeys.jobHandle: "\(job.handle)", LogKeys.processID: "\(peer.processID)",
                "user": "\(peer.userName)",
            ]
        )
        let task = CurrentJob.begin(job.handle) {
            Task { [dispatcher] in await dispatcher.handle(message, job: job) }
        }
        return await task.value
    }

    /// - Returns: Whether the client has taken all of it.
    private func send(_ bytes: [UInt8], to socket: LocalSocket) async -> Bool {
        let isSent = try? await DedicatedThread.run(name: "control-write") {
            (try? socket.write(bytes, within: Self.timeLimit)) ?? false
        }
        socket.endOutput()
        return isSent ?? false
    }

    private func remove(_ number: Int) {
        let waiting = state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.clients[number] = nil
            guard state.clients.isEmpty else { return nil }
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume()
    }

    /// Ends what can be ended, and waits for the messages in hand.
    private func end() async {
        let clients = state.withLock { state in
            state.isStopping = true
            return state.clients.values
        }
        for client in clients {
            client.socket.endInput()
            client.job.cancel()
        }
        // A change that takes longer is given up, as a job of a job server is.
        let timer = Task {
            try await Task.sleep(for: Self.stopLimit)
            state.withLock { state in
                defer { state.waiting = nil }
                return state.waiting
            }?.resume()
        }
        defer { timer.cancel() }
        await withCheckedContinuation { continuation in
            let isDone = state.withLock { state in
                if !state.clients.isEmpty { state.waiting = continuation }
                return state.clients.isEmpty
            }
            if isDone { continuation.resume() }
        }
    }
}
