// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ExecDriver
import HAProxyDriver
import LogArchiving
import NoOpDriver
import OpenStackSwiftStore
import S3Store
import SteelyardCore
import SteelyardWorker

/// The executable: the program with its drivers and stores.
@main
enum Steelyard {
    static func main() async {
        await AgentProgram(
            name: "steelyard",
            summary: "The agent on a load-balancer device: receives messages from Gearman and applies them to HAProxy.",
            release: Release(version: Build.version, release: Build.release),
            drivers: [.haproxy, .exec, .noOp],
            stores: [.openStackSwift, .s3],
            archiver: .objectStore
        ).main()
    }
}
