// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// How a device is.
public enum DeviceStatus: Hashable, Sendable {
    /// It serves, with these nodes, in the order of the message that made them.
    case serving([NodeStatus])
    /// It obeys a SUSPEND.
    case suspended
    /// It obeys a DELETE.
    case deleted
    /// It has not been given anything to serve.
    case notConfigured
}
