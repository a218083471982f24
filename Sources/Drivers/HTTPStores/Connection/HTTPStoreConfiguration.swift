// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// How a store makes its connections and requests, whatever kind of store it is.
package struct HTTPStoreConfiguration: Hashable, Sendable {
    /// A PEM file of the certificate authorities that are trusted, in place of the system's; nil for the system's.
    package var certificateAuthorityFile: String?
    /// Whether no connection is made to a loopback, link-local, unspecified, multicast or broadcast address.
    package var refusesLocalAddresses: Bool
    /// The longest time for one connection to be made, TLS included.
    package var connectTimeout: Duration
    /// The longest time in which not one byte goes either way.
    package var stallTimeout: Duration
    /// The longest time for one object, all attempts and waits together.
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
