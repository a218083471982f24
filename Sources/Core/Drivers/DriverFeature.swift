// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Something that a driver can do with an UPDATE beyond the first version of the messages: an element of DISCOVER's
/// `features`.
public struct DriverFeature: Hashable, Sendable, CustomStringConvertible {
    /// The word in the reply: lower-case letters, digits and `_`.
    public let description: String

    /// Creates a feature of a driver's own.
    public init(_ word: StaticString) { description = word.description }

    /// The protocols TERMINATED_HTTPS and HTTPS, and `redirect_to_https`.
    public static let tlsTermination = DriverFeature("tls_termination")
    /// Certificates that change without a reload.
    public static let certificateRotation = DriverFeature("certificate_rotation")
}
