// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import NoOpDriver
import OwnDriver
import SteelyardCore
import SteelyardWorker

@main
enum MyAgent {
    static func main() async {
        await AgentProgram(
            name: "my-agent",
            summary: "Writes a table for a proxy that watches a file.",
            release: Release(version: "1.0", release: "1.0.0"),
            drivers: [.table, .noOp]
        ).main()
    }
}
