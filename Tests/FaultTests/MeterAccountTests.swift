// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import FaultSuite
import Testing

/// Losses and duplicate bytes that the account of METRICS detects.
struct MeterAccountTests {
    private func report(_ start: Double, _ end: Double, _ bytes: Int, isDisturbed: Bool = false) -> MeterAccount.Report
    {
        MeterAccount.Report(start: start, end: end, bytes: ["http": bytes], isDisturbed: isDisturbed)
    }

    private func result(_ reports: [MeterAccount.Report], lost: [MeterAccount.Lost] = []) -> MeterAccount.Result {
        var account = MeterAccount()
        for report in reports { account.add(report) }
        for attempt in lost { account.add(attempt) }
        return account.result(from: 0)
    }

    @Test func reportsThatFollowEachOther() {
        let result = result([report(0, 1, 10), report(1, 2.5, 20), report(2.5, 3, 0)])
        #expect(result.bytes == ["http": 30])
        #expect(result.violations.isEmpty && result.gaps.isEmpty && result.repeated == 0)
    }

    @Test func reportThatCameAgainCountsOnce() {
        let result = result([report(0, 1, 10, isDisturbed: true), report(0, 2, 15), report(2, 3, 5)])
        #expect(result.bytes == ["http": 20])
        #expect(result.violations.isEmpty && result.repeated == 1)
    }

    @Test func reportThatCameAgainWithoutReason() {
        #expect(result([report(0, 1, 10), report(0, 2, 15)]).violations.count == 1)
    }

    @Test func reportThatCameAgainWithLess() {
        #expect(result([report(0, 1, 10, isDisturbed: true), report(0, 2, 9)]).violations.count == 1)
    }

    @Test func timeWithoutReport() {
        #expect(result([report(0, 1, 10), report(2, 3, 5)]).violations.count == 1)
        #expect(result([report(1, 2, 10)]).violations.count == 1)
    }

    /// The report was made long after its job server had ended.
    @Test func lossThatTheAgentCouldKnowOf() {
        let lost = MeterAccount.Lost(submitted: 1.5, .server([1.9]))
        #expect(result([report(0, 1, 10), report(2, 3, 5)], lost: [lost]).violations.count == 1)
    }

    @Test(arguments: [MeterAccount.Lost.Cause.server([2.02]), .client(left: 1.95, sentSince: nil)])
    func lossInTheInstantOfTheDelivery(cause: MeterAccount.Lost.Cause) {
        let lost = MeterAccount.Lost(submitted: 1.5, cause)
        let result = result([report(0, 1, 10), report(2, 3, 5)], lost: [lost])
        #expect(result.violations.isEmpty && result.gaps == [1...2])
    }

    @Test func reportsThatOverlap() {
        #expect(result([report(0, 2, 10), report(1, 3, 5)]).violations.count == 1)
    }
}
