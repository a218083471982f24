// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import TestServers

/// HTTP clients of the device, each on its own thread, that count all received bytes.
final class Traffic: Sendable {
    /// The results since the last ``take()``.
    struct Counts: Sendable {
        /// The bytes by the protocol of the load balancer.
        var bytes: [String: Int] = [:]
        /// The bytes of each protocol in the order of their arrival, with times.
        var samples: [(time: Double, metered: String, bytes: Int)] = []
        /// The completely answered requests through the HTTP load balancer, with their times.
        var answered: [Int: Double] = [:]
        /// The requests whose connection ended early.
        var broken: Set<Int> = []
        var refusedConnections = 0
    }

    private let clock: SuiteClock
    private let counts = Mutex(Counts())
    private let numbers = Atomic(0)
    private let stopping = Atomic(false)
    private let running = Atomic(0)

    init(clock: SuiteClock) { self.clock = clock }

    /// Starts the clients of a round.
    ///
    /// - Parameter ports: The port by the protocol of the load balancer, as METRICS names it.
    func start(ports: [(metered: String, port: Int, clients: Int)], seed: UInt64) {
        stopping.store(false, ordering: .releasing)
        for (metered, port, clients) in ports {
            for number in 0..<clients {
                running.add(1, ordering: .acquiringAndReleasing)
                Thread.detachNewThread { [self] in
                    var generator = SeededGenerator(seed: seed &+ UInt64(port * 100 + number))
                    while !stopping.load(ordering: .acquiring) { visit(metered, port, &generator) }
                    running.subtract(1, ordering: .acquiringAndReleasing)
                }
            }
        }
    }

    /// Makes each client read its connection to the end.
    func stop() async throws {
        stopping.store(true, ordering: .releasing)
        try await eventually("the HTTP clients end", within: 90) { running.load(ordering: .acquiring) == 0 }
    }

    /// Returns and resets the results since the last call.
    func take() -> Counts {
        counts.withLock { counts in
            defer { counts = Counts() }
            return counts
        }
    }

    /// Sends a few requests on one connection, and reads it to its end.
    private func visit(_ metered: String, _ port: Int, _ generator: inout SeededGenerator) {
        guard let connection = try? TrafficConnection(port: port) else {
            counts.withLock { $0.refusedConnections += 1 }
            return Thread.sleep(forTimeInterval: 0.05)
        }
        for _ in 0..<(1 + generator.below(8)) where !stopping.load(ordering: .acquiring) {
            let number = numbers.add(1, ordering: .relaxed).newValue
            let isSlow = generator.isLucky(oneIn: 10)
            let size = generator.below(20_000)
            let path = isSlow ? "/slow/\(size)/\(generator.below(800))/q\(number)" : "/bytes/\(size)/q\(number)"
            let isAnswered = connection.get(path) { self.count($0.count, metered) }
            let now = clock.now
            if metered == "http" {
                counts.withLock { counts in
                    if isAnswered { counts.answered[number] = now } else { counts.broken.insert(number) }
                }
            }
            guard isAnswered else { break }
            Thread.sleep(forTimeInterval: Double.random(in: 0.01...0.1, using: &generator))
        }
        connection.finish { self.count($0.count, metered) }
    }

    /// Sends some requests through the HTTP load balancer, each on its own connection.
    ///
    /// - Returns: The answers, heads included.
    func sample(port: Int, requests: Int) async throws -> [String] {
        try await blocking { [self] in
            try (0..<requests).map { _ in
                let connection = try TrafficConnection(port: port)
                var answer: [UInt8] = []
                let receive = { (bytes: [UInt8]) in
                    self.count(bytes.count, "http")
                    answer += bytes
                }
                _ = connection.get("/sample", receive)
                connection.finish(receive)
                return String(decoding: answer, as: UTF8.self)
            }
        }
    }

    private func count(_ bytes: Int, _ metered: String) {
        let now = clock.now
        counts.withLock { counts in
            counts.bytes[metered, default: 0] += bytes
            counts.samples.append((now, metered, bytes))
        }
    }
}
