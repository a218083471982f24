// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import NoOpDriver
import SteelyardCore
import SteelyardWorker

@main
enum NoOpAgent {
    static func main() async {
        await AgentProgram(
            name: "noop-agent",
            summary: "Simulates a device.",
            release: Release(version: "1.0", release: "1.0.0"),
            drivers: [.noOp]
        ).main()
    }
}
