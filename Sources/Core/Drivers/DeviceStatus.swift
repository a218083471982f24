// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The status of a device.
public enum DeviceStatus: Hashable, Sendable {
    /// It serves, with these nodes in the order of the UPDATE.
    case serving([NodeStatus])
    /// It is suspended.
    case suspended
    /// It was deleted.
    case deleted
    /// It has no configuration yet.
    case notConfigured
}
