// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import FaultSuite
import Foundation
import TestServers
import Testing

/// The short form of the fault suite; `scripts/soak` runs the long one.
@Suite(Requirement.gearmand.trait, Requirement.haproxy.trait, Requirement.openStackSwift.trait)
struct FaultRunTests {
    @Test(arguments: Seeds.first(1)) func survivesFaults(seed: UInt64) async throws {
        let folder = URL(fileURLWithPath: "/tmp").appending(path: "sy-f-" + String(seed % 1_000_000_007, radix: 36))
        try? FileManager.default.removeItem(at: folder)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let settings = FaultSuiteSettings(
            seed: seed,
            rounds: [.init(.transport, seconds: 8), .init(.agent, seconds: 6), .init(.device, seconds: 4)],
            rate: 3,
            hasSilence: false,
            limit: 60,
            folder: folder
        )
        let report = try await FaultSuite.run(settings)
        // A failure prints the text instead of the whole report.
        let hasPassed = report.hasPassed
        #expect(hasPassed, "\(report.text)")
        // After a failure, keep the logs for inspection.
        if hasPassed { try FileManager.default.removeItem(at: folder) }
    }
}
