// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Sends a request to an HTTP server of 127.0.0.1 on a new connection.
enum HTTP {
    /// The status and the body; status 0 if the connection is refused or ends without an answer.
    static func get(_ path: String = "/", port: Int) async -> (status: Int, body: String) {
        await blocking { ask(path, port: port) }
    }

    /// A blocking variant.
    static func ask(_ path: String = "/", port: Int) -> (status: Int, body: String) {
        guard let client = Loopback(port: port) else { return (0, "refused") }
        client.write("GET \(path) HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
        let answer = client.readAll()
        guard let end = answer.firstRange(of: "\r\n\r\n"), let status = Int(answer.dropFirst(9).prefix(3)) else {
            return (0, answer)
        }
        return (status, String(answer[end.upperBound...]))
    }
}

/// Clients that send requests continuously, each on a new connection, without retries.
final class HTTPLoad: Sendable {
    private let isStopping = Atomic(false)
    private let clients = Mutex<[Task<(count: Int, failures: [String]), Never>]>([])

    /// Starts the clients.
    ///
    /// - Parameter expected: The allowed bodies of an answer with the status 200.
    init(port: Int, expecting expected: Set<String>, clients count: Int) {
        for _ in 0..<count {
            let client = Task<(count: Int, failures: [String]), Never> {
                await blocking { [self] () -> (count: Int, failures: [String]) in
                    var (count, failures) = (0, [String]())
                    while !isStopping.load(ordering: .relaxed) {
                        let answer = HTTP.ask(port: port)
                        count += 1
                        if answer.status != 200 || !expected.contains(answer.body) { failures.append("\(answer)") }
                    }
                    return (count, failures)
                }
            }
            clients.withLock { $0.append(client) }
        }
    }

    /// Stops each client after its current answer.
    func stop() async -> (count: Int, failures: [String]) {
        isStopping.store(true, ordering: .relaxed)
        var (count, failures) = (0, [String]())
        for client in clients.withLock({ $0 }) {
            let result = await client.value
            count += result.count
            failures += result.failures
        }
        return (count, failures)
    }
}
