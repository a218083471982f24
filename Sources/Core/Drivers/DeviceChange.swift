// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A change of a device that a message requests.
public enum DeviceChange: Hashable, Sendable {
    /// Serve these load balancers.
    case apply(LoadBalancerSet)
    /// Stop serving, but keep the configuration.
    case suspend
    /// Serve again.
    case enable
    /// Stop serving, and remove the configuration and the logs.
    case delete
}
