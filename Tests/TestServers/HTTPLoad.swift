// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// Clients of an HTTP server of 127.0.0.1, each on its own thread, that send requests continuously and count every
/// failure.
///
/// A refused or reset connection, an early close, an answer of a wrong length or with another status is a failed
/// request. No request is retried.
package final class HTTPLoad: Sendable {
    /// The behavior of a client between requests.
    package struct Manner: Sendable {
        /// Whether it reuses its connection until the server announces that it will close.
        let keepsAlive: Bool
        /// Whether it returns the cookie that it received.
        let keepsCookie: Bool
        /// The idle time between two requests.
        let rest: Duration

        package init(keepsAlive: Bool, keepsCookie: Bool = false, rest: Duration = .zero) {
            (self.keepsAlive, self.keepsCookie, self.rest) = (keepsAlive, keepsCookie, rest)
        }
    }

    /// The results so far.
    package struct Tally: Sendable {
        package var answers = 0
        /// How often the server announced the end of a keep-alive connection.
        package var announcedEnds = 0
        package var failures: [String] = []
    }

    private let port: Int
    private let body: [UInt8]
    private let tally = Mutex(Tally())
    private let note = Mutex("before the first note")
    private let isStopping = Atomic(false)
    private let running = Atomic(0)

    /// Starts the clients.
    ///
    /// - Parameter body: The expected content of every answer.
    package init(port: Int, body: [UInt8], clients: [Manner]) {
        self.port = port
        self.body = body
        running.store(clients.count, ordering: .sequentiallyConsistent)
        for manner in clients {
            Thread.detachNewThread { [self] in
                run(manner)
                running.subtract(1, ordering: .sequentiallyConsistent)
            }
        }
    }

    package var now: Tally { tally.withLock { $0 } }

    /// Notes the current operation on the server, for failure messages.
    package func note(_ text: String) { note.withLock { $0 = text } }

    /// Stops each client after its current answer, and returns the results.
    package func stop() async throws -> Tally {
        isStopping.store(true, ordering: .sequentiallyConsistent)
        try await eventually("the clients end", within: 60) {
            running.load(ordering: .sequentiallyConsistent) == 0
        }
        return now
    }

    private func run(_ manner: Manner) {
        var connection: HTTPLoadConnection?
        var cookie: String?
        while !isStopping.load(ordering: .sequentiallyConsistent) {
            let before = note.withLock { $0 }
            do throws(ServerFailure) {
                let current = if let connection { connection } else { try HTTPLoadConnection(port: port) }
                connection = current
                let answer = try current.ask(keepsAlive: manner.keepsAlive, cookie: cookie, expecting: body)
                if answer.isLast { connection = nil }
                if manner.keepsCookie, let given = answer.cookie { cookie = given }
                tally.withLock {
                    $0.answers += 1
                    if answer.isLast, manner.keepsAlive { $0.announcedEnds += 1 }
                }
            } catch {
                let after = note.withLock { $0 }
                let attempt = connection.map { "request \($0.requests) of its connection" } ?? "connecting"
                connection = nil
                tally.withLock { $0.failures.append("\(error): \(manner), \(attempt), from \(before) to \(after)") }
                usleep(10_000)
            }
            if manner.rest > .zero { usleep(UInt32(manner.rest / .microseconds(1))) }
        }
    }
}
