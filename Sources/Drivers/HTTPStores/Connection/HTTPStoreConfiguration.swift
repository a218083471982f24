// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The connection and time-out settings that all HTTP stores share.
package struct HTTPStoreConfiguration: Hashable, Sendable {
    /// A PEM file of certificate authorities that replaces the system's; nil for the system's.
    package var certificateAuthorityFile: String?
    /// Whether to reject loopback, link-local, unspecified, multicast and broadcast addresses.
    package var refusesLocalAddresses: Bool
    /// The time-out for establishing a connection, including TLS.
    package var connectTimeout: Duration
    /// The longest time without a transferred byte.
    package var stallTimeout: Duration
    /// The time-out for one object, including all attempts and pauses.
    package var totalTimeout: Duration

    /// Creates a configuration.
    package init(
        certificateAuthorityFile: String?,
        refusesLocalAddresses: Bool,
        connectTimeout: Duration,
        stallTimeout: Duration,
        totalTimeout: Duration
    ) {
        self.certificateAuthorityFile = certificateAuthorityFile
        self.refusesLocalAddresses = refusesLocalAddresses
        self.connectTimeout = connectTimeout
        self.stallTimeout = stallTimeout
        self.totalTimeout = totalTimeout
    }
}
