// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCore
import SteelyardSystem
import Synchronization
import SystemPackage

/// A minimal HTTP/1.1 server on its own thread: `GET` and `HEAD`, one request for each connection.
///
/// The number of connections, the size of a request and the time for it are limited.
actor HTTPServer {
    private struct Control {
        var isStopping = false
        var hasEnded = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    /// The most connections at a time.
    static let greatestConnectionCount = 16
    /// The pause after the system has refused a descriptor for a connection.
    private static let refusalPause = Duration.seconds(1)

    private nonisolated let loop: EventLoop
    private nonisolated let control = Mutex(Control())
    private let timeout: Duration
    private var listener: ListeningSocket?
    private let answer: @Sendable (HTTPRequest) async -> HTTPResponse
    private var connections: [Int: HTTPConnection] = [:]
    private var lastNumber = 0
    private var refusedUntil: ContinuousClock.Instant?

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

    /// Listens; ``start()`` starts to accept connections.
    ///
    /// - Parameters:
    ///   - address: The address to listen on.
    ///   - timeout: The limit for a request and its response together.
    ///   - answer: Creates the response to a GET or HEAD request. It runs on the server's thread and must not block.
    /// - Throws: `Errno`: `addressInUse` if another program uses the port.
    init(
        _ address: HTTPAddress,
        timeout: Duration = .seconds(5),
        answer: @escaping @Sendable (HTTPRequest) async -> HTTPResponse
    ) throws(Errno) {
        listener = try ListeningSocket(address: address.host.description, port: UInt16(address.port.number))
        loop = try EventLoop()
        self.timeout = timeout
        self.answer = answer
    }

    /// Starts the thread.
    ///
    /// - Throws: `ThreadError` if the system provides no thread.
    nonisolated func start() throws(ThreadError) {
        try DedicatedThread.start(name: "metrics") { [self] in
            loop.attach()
            while let wait = assumeIsolated({ server in server.settle() }) {
                let ready = loop.wait(for: wait.interests, until: wait.deadline)
                assumeIsolated { server in server.advance(wait, ready) }
                loop.runJobs()
            }
            assumeIsolated { server in server.end() }
        }
    }

    /// Closes all connections; returns when the port is free.
    nonisolated func stop() async {
        control.withLock { $0.isStopping = true }
        loop.wake()
        await withCheckedContinuation { continuation in
            let hasEnded = control.withLock { control in
                if !control.hasEnded { control.waiting.append(continuation) }
                return control.hasEnded
            }
            if hasEnded { continuation.resume() }
        }
    }

    // MARK: - The loop

    private struct Wait {
        var interests: [EventLoop.Interest]
        /// The connections of the interests, without the first interest, which is the listener's.
        var numbers: [Int]
        var deadline: ContinuousClock.Instant?
    }

    /// Closes expired connections, and returns what to wait for; nil if the thread must end.
    private func settle() -> Wait? {
        if control.withLock({ $0.isStopping }) { return nil }
        let now = ContinuousClock.now
        for (number, connection) in connections {
            if now >= connection.deadline { connection.expire() }
            if connection.isClosed { connections[number] = nil }
        }
        if let refused = refusedUntil, now >= refused { refusedUntil = nil }
        let open = connections.sorted { $0.key < $1.key }
        // A pending connection that cannot be accepted would end each wait immediately.
        let listening = EventLoop.Interest(refusedUntil == nil ? listener?.descriptor : nil, Int16(POLLIN))
        return Wait(
            interests: [listening] + open.map { EventLoop.Interest($0.value.descriptor, $0.value.awaited) },
            numbers: open.map(\.key),
            deadline: (open.map(\.value.deadline) + [refusedUntil].compactMap(\.self)).min()
        )
    }

    private func advance(_ wait: Wait, _ ready: [Int16]) {
        for (number, events) in zip(wait.numbers, ready.dropFirst()) where events != 0 {
            guard let request = connections[number]?.advance(events) else { continue }
            guard ["GET", "HEAD"].contains(request.method) else {
                connections[number]?.respond(HTTPResponse(.methodNotAllowed))
                continue
            }
            Task {
                let response = await answer(request)
                connections[number]?.respond(response)
            }
        }
        if ready.first != 0 { acceptConnections() }
    }

    private func acceptConnections() {
        do throws(Errno) {
            while let descriptor = try listener?.accept() {
                lastNumber += 1
                connections[lastNumber] = HTTPConnection(descriptor: descriptor, timeout: timeout)
                if connections.count > Self.greatestConnectionCount { closeOne() }
            }
        } catch { refusedUntil = .now + Self.refusalPause }
    }

    /// Closes the oldest connection of the lowest rank: idle clients must not block others.
    private func closeOne() {
        let first = connections.min { ($0.value.rank, $0.key) < ($1.value.rank, $1.key) }
        guard let first else { return }
        first.value.expire()
        connections[first.key] = nil
    }

    private func end() {
        connections = [:]
        // The caller of stop() may need the port at once.
        listener = nil
        let waiting = control.withLock { control in
            control.hasEnded = true
            defer { control.waiting = [] }
            return control.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}
