// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SteelyardWorker

@Suite struct JobInHandTests {
    private let job = JobInHand(handle: Array("H:test:1".utf8)) {}

    @Test func limitsItsReports() throws {
        for done in 0..<100_000 { job.report(progress: UInt64(done), of: 1_000_000) }
        // The first report is sent at once; most of the loop runs within the interval.
        let first = try #require(job.takeProgress())
        #expect(first.denominator == 1_000_000)
        #expect(job.takeProgress() == nil)
        // The last report is always sent.
        job.report(progress: 1_000_000, of: 1_000_000)
        let last = try #require(job.takeProgress())
        #expect(last.numerator == 1_000_000 && last.denominator == 1_000_000)
    }

    @Test(arguments: [1, 1000, UInt64(UInt32.max), 1 << 32, 10 << 40, .max])
    func fitsGearmansNumbers(_ total: UInt64) throws {
        job.report(progress: total / 2, of: total)
        let half = try #require(job.takeProgress())
        #expect(half.denominator > 0 && half.denominator <= UInt64(UInt32.max))
        #expect(abs(Double(half.numerator) / Double(half.denominator) - Double(total / 2) / Double(total)) < 0.001)
    }

    /// A handle comes from the job server and is logged.
    @Test func handleForgesNoLine() {
        let forged = JobInHand(handle: Array("H:1\n2026 notice \u{1B}[31mforged".utf8)) {}
        #expect(forged.handle == "H:1?2026 notice ?[31mforged")
    }
}
