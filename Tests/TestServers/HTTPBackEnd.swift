// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// A small HTTP/1.1 server of 127.0.0.1 for tests, with a thread for each connection.
///
/// `/bytes/N` answers with N bytes, `/slow/N/MS` with N bytes over MS milliseconds, `/held/N` with N bytes, the second half
/// after ``release()``, `/status/N` with that status, and any other path with the server's name.
package final class HTTPBackEnd: Sendable {
    private let listener: LoopbackSocket
    private let connections = Mutex<[ObjectIdentifier: LoopbackSocket]>([:])
    private let name: String
    private let received = Atomic(0)
    private let gate = Gate()
    /// The port it listens on.
    package let port: Int

    /// The number of requests so far.
    package var requestCount: Int { received.load(ordering: .sequentiallyConsistent) }

    /// Starts a server.
    package init(name: String = "back end", port: Int = 0) throws {
        let listener = try LoopbackSocket.listening(on: port)
        self.listener = listener
        self.name = name
        self.port = listener.port
        Thread.detachNewThread { [self] in
            while let connection = listener.accepted() {
                connections.withLock { $0[ObjectIdentifier(connection)] = connection }
                Thread.detachNewThread { [self] in
                    serve(connection)
                    // Otherwise each connection would keep a descriptor until the server is released.
                    connections.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(connection)) }
                }
            }
        }
    }

    /// Completes every `/held/N` answer, including those of later requests.
    package func release() { gate.open() }

    /// Stops the server and closes its connections.
    package func stop() {
        gate.open()
        listener.shutDown()
        for connection in connections.withLock({ Array($0.values) }) { connection.shutDown() }
    }

    private func serve(_ connection: LoopbackSocket) {
        var input: [UInt8] = []
        while let bytes = connection.read(), !bytes.isEmpty {
            input += bytes
            guard let text = String(bytes: input, encoding: .utf8), text.hasSuffix("\r\n\r\n") else { continue }
            input = []
            received.add(1, ordering: .sequentiallyConsistent)
            let words = text.split(separator: " ", maxSplits: 2)
            guard words.count == 3 else { return connection.shutDown() }
            answer(words[1].split(separator: "/"), connection)
        }
        connection.shutDown()
    }

    private func answer(_ path: [Substring], _ connection: LoopbackSocket) {
        let numbers = path.dropFirst().compactMap { Int($0) }
        var status = 200
        var body = Array(name.utf8)
        switch (path.first, numbers.count) {
        case ("bytes", 1), ("held", 1), ("slow", 2): body = [UInt8](repeating: UInt8(ascii: "x"), count: numbers[0])
        case ("status", 1): status = numbers[0]
        default: break
        }
        connection.write(Array("HTTP/1.1 \(status) Answer\r\nContent-Length: \(body.count)\r\n\r\n".utf8))
        guard path.first == "slow", numbers.count == 2 else {
            let isHeld = path.first == "held"
            let middle = isHeld ? body.count / 2 : 0
            guard connection.write(Array(body[..<middle])) else { return }
            if isHeld { gate.wait() }
            _ = connection.write(Array(body[middle...]))
            return
        }
        let pieces = 20
        for piece in 0..<pieces {
            let range = body.count * piece / pieces..<body.count * (piece + 1) / pieces
            guard connection.write(Array(body[range])) else { return }
            Thread.sleep(forTimeInterval: Double(numbers[1]) / 1000 / Double(pieces))
        }
    }
}
