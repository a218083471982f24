// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import NginxDriver
import SteelyardCore
import SteelyardWorker

/// The agent with the nginx driver.
@main
enum NginxAgent {
    static func main() async {
        await AgentProgram(
            name: "nginx-agent",
            summary: "The agent on a load-balancer device: receives messages from Gearman and applies them to nginx.",
            release: Release(version: "1.0", release: "1.0.0"),
            drivers: [.nginx]
        ).main()
    }
}
