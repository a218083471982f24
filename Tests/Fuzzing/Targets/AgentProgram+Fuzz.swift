// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HAProxyDriver
import LogArchiving
import NoOpDriver
import SteelyardCore

@testable import SteelyardWorker

extension AgentProgram {
    /// A program with the settings of the shipped one.
    static let standard = AgentProgram(
        name: "steelyard",
        summary: "The agent.",
        release: Release(version: "1.0", release: "1.0"),
        drivers: [.haproxy, .noOp],
        archiver: .objectStore
    )
}
