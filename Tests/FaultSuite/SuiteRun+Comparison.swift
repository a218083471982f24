// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Synchronization
import TestServers

extension SuiteRun {
    /// The result of the meter's comparison.
    struct Metered: Sendable {
        var bytes: [String: Int]
        var tolerance: [String: Int]
        var repeated: Int
        var gaps: Int
    }

    /// The maximum interval of the agent's readings of HAProxy's counters, in seconds, plus a margin for busy machines.
    private static let readingInterval = 2.0
    /// How long after a delivery a fault may prevent the agent's confirmation, in seconds.
    private static let confirmationLimit = 30.0

    /// Compares all METRICS of the round with the bytes that the HTTP clients received.
    ///
    /// - Parameter isExact: Whether no HAProxy was killed with unread counters.
    @discardableResult
    func compareMeter(_ counts: Traffic.Counts, isExact: Bool, profile: String) async throws -> Metered {
        let isComplete = try await client { client, context in
            for attempt in 0..<20 where client.readMetrics(on: attempt % 3, context) == 0 { return true }
            return false
        }
        if !isComplete { chronicle.violate("METRICS reports bytes without any traffic") }
        let attempts = context.metrics.withLock { attempts in
            defer { attempts = [] }
            return attempts
        }
        var account = MeterAccount()
        for attempt in attempts { add(attempt, to: &account) }
        let result = account.result(from: found.withLock { $0.meteredUntil })
        for text in result.violations { chronicle.violate("\(profile): \(text)") }
        for gap in result.gaps {
            chronicle.note("a METRICS from \(gap.lowerBound) to \(gap.upperBound) was lost in transit")
        }
        found.withLock { $0.meteredUntil = attempts.compactMap { $0.report?.end }.max() ?? $0.meteredUntil }
        var windows = result.gaps.map { $0.lowerBound - Self.readingInterval...$0.upperBound + Self.readingInterval }
        if !isExact { windows += await killWindows() }
        var tolerance: [String: Int] = [:]
        for sample in counts.samples where windows.contains(where: { $0.contains(sample.time) }) {
            tolerance[sample.metered, default: 0] += sample.bytes
        }
        for metered in Set(result.bytes.keys).union(counts.bytes.keys).sorted() {
            let (reported, received) = (result.bytes[metered] ?? 0, counts.bytes[metered] ?? 0)
            let text = "\(profile): METRICS has \(reported) bytes of \(metered), the clients received \(received)"
            if reported > received { chronicle.violate("\(text): \(reported - received) too many") }
            let missing = received - reported
            let limit = tolerance[metered] ?? 0
            if missing > limit { chronicle.violate("\(text): \(missing) are missing; the limit is \(limit)") }
        }
        return Metered(
            bytes: result.bytes,
            tolerance: tolerance,
            repeated: result.repeated,
            gaps: result.gaps.count
        )
    }

    /// Compares the lines in the store with the requests of the round.
    ///
    /// - Returns: The number of new lines.
    @discardableResult
    func compareArchive(_ counts: Traffic.Counts) async throws -> Int {
        guard let store else { return 0 }
        let kills = await haproxy.kills
        // A killed worker may have answered without logging, and may have been stopped for 4 s in between.
        let required = counts.answered.filter { _, time in !kills.contains { -2...6 ~= $0 - time } }.map(\.key)
        var (archived, objects) = found.withLock { ($0.archived, $0.objects) }
        let before = archived.values.reduce(0, +)
        let end = ContinuousClock.now + .seconds(60)
        var missing: [Int] = []
        repeat {
            guard try await client({ client, context in client.archive(to: store, on: 0, context) }) else { continue }
            let named = try await client { _, context in context.archivedObjects.withLock { $0 } }
            for line in try await store.readLines(besides: &objects, named: named) {
                if let number = Self.requestNumber(line) { archived[number, default: 0] += 1 }
            }
            missing = required.filter { archived[$0] == nil }
            if missing.isEmpty { break }
            try await Task.sleep(for: .seconds(1))
        } while ContinuousClock.now < end
        if !missing.isEmpty {
            let examples = missing.sorted().prefix(5).map { "q\($0)" }.joined(separator: ", ")
            chronicle.violate("\(missing.count) of \(required.count) requests are not in the archive: \(examples)")
        }
        let twice = archived.filter { $0.value > 1 }
        if !twice.isEmpty {
            let examples = twice.keys.sorted().prefix(5).map { "q\($0)" }.joined(separator: ", ")
            chronicle.violate("\(twice.count) requests are in the archive more than once: \(examples)")
        }
        let after = archived.values.reduce(0, +)
        // Report each one only once.
        for number in twice.keys { archived[number] = 1 }
        found.withLock { ($0.archived, $0.objects) = (archived, objects) }
        return after - before
    }

    private func add(_ attempt: MetricsAttempt, to account: inout MeterAccount) {
        let (server, link) = (Chronicle.Target.server(attempt.server), Chronicle.Target.link(attempt.server))
        func faults(_ targets: Set<Chronicle.Target>, after lag: Double) -> [Chronicle.Disturbance] {
            let begin = attempt.submitted - Self.confirmationLimit
            return chronicle.disturbances(of: targets, from: begin, to: attempt.ended + lag, lag: 0)
        }
        if let report = attempt.report {
            account.add(
                MeterAccount.Report(
                    start: report.start,
                    end: report.end,
                    bytes: report.bytes,
                    isDisturbed: !faults([server, link, .agent], after: Self.confirmationLimit).isEmpty
                )
            )
        } else if !attempt.hasFailed {
            let cause: MeterAccount.Lost.Cause
            if let left = attempt.left {
                let isDelayed = !faults([server, link, .agent], after: 0).isEmpty
                cause = .client(left: left, sentSince: isDelayed ? attempt.submitted : nil)
            } else {
                cause = .server(faults([server], after: 0.1).map(\.from))
            }
            account.add(MeterAccount.Lost(submitted: attempt.submitted, cause))
        }
    }

    /// The periods whose bytes may be lost because HAProxy's processes were killed.
    private func killWindows() async -> [ClosedRange<Double>] {
        let absences = await agent.absences + haproxy.absences
        return await haproxy.kills.map { kill in
            // The counters may not have been read since the agent or HAProxy was stopped, nor during restarts.
            var begin = kill
            for absence in absences.sorted(by: { $0.from > $1.from })
            where absence.from <= begin && absence.to + Self.readingInterval >= begin {
                begin = absence.from
            }
            return begin - Self.readingInterval...kill + 0.5
        }
    }

    private static func requestNumber(_ line: Substring) -> Int? {
        guard let start = line.firstRange(of: "/q")?.upperBound else { return nil }
        return Int(line[start...].prefix { $0.isNumber })
    }
}
