// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// Clients of an HTTP server of 127.0.0.1, each on a thread of its own, that ask again and again and forgive nothing.
///
/// Refused, reset, closed before the answer, an answer that is too short or too long, another status: all of it is a
/// failed request. Nothing is tried twice.
package final class HTTPLoad: Sendable {
    /// What a client does from one request to the next.
    package struct Manner: Sendable {
        /// Whether it stays on its connection for as long as the server does not announce that it will close.
        let keepsAlive: Bool
        /// Whether it gives back the cookie that it was given.
        let keepsCookie: Bool
        /// How long it is idle between two requests.
        let rest: Duration

        package init(keepsAlive: Bool, keepsCookie: Bool = false, rest: Duration = .zero) {
            (self.keepsAlive, self.keepsCookie, self.rest) = (keepsAlive, keepsCookie, rest)
        }
    }

    /// What has happened until now.
    package struct Tally: Sendable {
        package var answers = 0
        /// How often a client that keeps its connection was told to open another.
        package var announcedEnds = 0
        package var failures: [String] = []
    }

    private let port: Int
    private let body: [UInt8]
    private let tally = Mutex(Tally())
    private let note = Mutex("before the first note")
    private let isStopping = Atomic(false)
    private let running = Atomic(0)

    /// Begins.
    ///
    /// - Parameter body: What every answer holds.
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

    /// Says what is being done to the server, for the account of a failure.
    package func note(_ text: String) { note.withLock { $0 = text } }

    /// Has every client end with the answer to what it has asked, and tells what has happened.
    package func stop() async throws -> Tally {
        isStopping.store(true, ordering: .sequentiallyConsistent)
        try await eventually("the clients have ended", within: 60) {
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
                let asked = connection.map { "request \($0.requests) of its connection" } ?? "connecting"
                connection = nil
                tally.withLock { $0.failures.append("\(error): \(manner), \(asked), from \(before) to \(after)") }
                usleep(10_000)
            }
            if manner.rest > .zero { usleep(UInt32(manner.rest / .microseconds(1))) }
        }
    }
}
