// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import HAProxyDriver
import LogArchiving
import NoOpDriver
import OpenStackSwiftStore
import SteelyardCore
import SteelyardWorker

/// The executable: the program with the drivers and stores that come with it.
@main
enum Steelyard {
    static func main() async {
        await AgentProgram(
            name: "steelyard",
            summary: "The agent on a load-balancer device: takes messages from Gearman and makes HAProxy obey them.",
            release: Release(version: Build.version, release: Build.release),
            drivers: [.haproxy, .noOp],
            stores: [.openStackSwift],
            archiver: .objectStore
        ).main()
    }
}
