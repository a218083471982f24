// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import Foundation
import TestServers

/// The settings of a run.
package struct FaultSuiteSettings: Sendable {
    /// One round: faults, recovery, and the comparison.
    package struct Round: Sendable {
        package let profile: FaultProfile
        /// The duration of the faults.
        package let seconds: Double

        package init(_ profile: FaultProfile, seconds: Double) {
            self.profile = profile
            self.seconds = seconds
        }
    }

    /// The seed of the faults and messages.
    package let seed: UInt64
    package let rounds: [Round]
    /// The average number of faults per second.
    package let rate: Double
    /// Whether to silence connections as well: the agent notices that only after its timeout for a server.
    package let hasSilence: Bool
    /// The timeout of a job on an intact connection, in seconds.
    package let limit: Double
    /// The program under test.
    package let program: String
    /// An empty folder with a short path for all files of the run.
    package let folder: URL
    /// Receives each line of output immediately.
    package let output: @Sendable (String) -> Void
    /// Whether to end the run after the current round.
    package let isInterrupted: @Sendable () -> Bool

    /// The program in the folder of this build.
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
