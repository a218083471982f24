// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// Makes the HAProxy driver of the configuration.
enum HAProxyFactory {
    static func makeDriver(_ context: DriverContext) throws -> any LoadBalancerDriver {
        throw ConfigurationError("driver", "haproxy is not there yet")
    }

    static func render(_ set: LoadBalancerSet, _ configuration: WorkerConfiguration) throws -> String {
        ""
    }
}
