// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// What a message can change about a device.
public enum DeviceChange: Hashable, Sendable {
    /// Serve these load balancers.
    case apply(LoadBalancerSet)
    /// Stop serving, and keep the configuration.
    case suspend
    /// Serve again.
    case enable
    /// Stop serving, and forget everything.
    case delete
}
