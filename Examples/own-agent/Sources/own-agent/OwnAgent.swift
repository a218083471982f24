// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import LogArchiving
import NoOpDriver
import OwnDriver
import OwnStore
import SteelyardCore
import SteelyardWorker

@main
enum OwnAgent {
    static func main() async {
        await AgentProgram(
            name: "own-agent",
            summary: "Writes a table for a proxy that watches a file.",
            release: Release(version: "1.0", release: "1.0.0"),
            drivers: [.table, .noOp],
            stores: [.folder],
            archiver: .objectStore
        ).main()
    }
}
