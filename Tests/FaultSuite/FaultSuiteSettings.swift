// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import Foundation
import TestServers

/// How a run is made.
package struct FaultSuiteSettings: Sendable {
    /// One round: faults, then all is as before, and all is compared.
    package struct Round: Sendable {
        package let profile: FaultProfile
        /// How long faults are injected.
        package let seconds: Double

        package init(_ profile: FaultProfile, seconds: Double) {
            self.profile = profile
            self.seconds = seconds
        }
    }

    /// Where the run's faults and messages come from.
    package let seed: UInt64
    package let rounds: [Round]
    /// How many faults come in a second, on average.
    package let rate: Double
    /// Whether connections fall silent, too: the agent notices that only after the time that it is to wait for a server.
    package let hasSilence: Bool
    /// How many seconds a job may take on a connection that stays intact.
    package let limit: Double
    /// The program under test.
    package let program: String
    /// An empty folder with a short path, for all that the run writes.
    package let folder: URL
    /// Takes each line as it happens.
    package let output: @Sendable (String) -> Void
    /// Whether the run is to end after the round under way.
    package let isInterrupted: @Sendable () -> Bool

    /// The program of the build that this code belongs to.
    package static var builtProgram: String { Environment.buildFolder.appending(path: "steelyard").path }

    package init(
        seed: UInt64,
        rounds: [Round],
        rate: Double = 1,
        hasSilence: Bool = true,
        limit: Double = 90,
        program: String = Self.builtProgram,
        folder: URL,
        output: @escaping @Sendable (String) -> Void = { _ in },
        isInterrupted: @escaping @Sendable () -> Bool = { false }
    ) {
        self.seed = seed
        self.rounds = rounds
        self.rate = rate
        self.hasSilence = hasSilence
        self.limit = limit
        self.program = program
        self.folder = folder
        self.output = output
        self.isInterrupted = isInterrupted
    }
}
