// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import HTTPStores
package import SteelyardCore

/// The configuration of an ``OpenStackSwiftStore``.
package struct OpenStackSwiftConfiguration: Hashable, Sendable {
    /// A PEM file of certificate authorities that replaces the system's; nil for the system's.
    package var certificateAuthorityFile: String?

    /// The largest object in bytes, at least 1.
    ///
    /// A larger object is stored in segments of this size. Default: 5 GiB, which is OpenStack Swift's default limit.
    package var segmentBytes: Int

    /// Whether to reject loopback, link-local, unspecified, multicast and broadcast addresses; default: false.
    ///
    /// The check applies to the address at connection time, whatever its name.
    package var refusesLocalAddresses = false

    /// The time-out for establishing a connection, including TLS; default: 10 s.
    package var connectTimeout: Duration = .seconds(10)

    /// The longest time without a transferred byte; default: 60 s, the time-out of Swift itself.
    ///
    /// The time that the sender needs to produce its bytes does not count.
    package var stallTimeout: Duration = .seconds(60)

    /// The time-out for one object, including all attempts and pauses; default: 2 h.
    package var totalTimeout: Duration = .seconds(7200)

    /// The retry policy for requests that may succeed later.
    package var retries = RetryPolicy()

    /// Creates a configuration with the defaults.
    ///
    /// - Parameters:
    ///   - certificateAuthorityFile: A PEM file of trusted certificate authorities.
    ///   - segmentBytes: The largest object in bytes.
    package init(certificateAuthorityFile: String? = nil, segmentBytes: Int = 5_368_709_120) {
        self.certificateAuthorityFile = certificateAuthorityFile
        self.segmentBytes = segmentBytes
    }

    /// Checks that the file of certificate authorities, if any, is readable and contains only valid PEM certificates,
    /// at least one.
    ///
    /// - Throws: `InvalidValue` with the file and the fault.
    package func checkCertificateAuthorityFile() throws(InvalidValue) {
        if let certificateAuthorityFile { try CertificateAuthorityFile.check(certificateAuthorityFile) }
    }

    /// The settings that all HTTP stores share.
    var http: HTTPStoreConfiguration {
        HTTPStoreConfiguration(
            certificateAuthorityFile: certificateAuthorityFile,
            refusesLocalAddresses: refusesLocalAddresses,
            connectTimeout: connectTimeout,
            stallTimeout: stallTimeout,
            totalTimeout: totalTimeout
        )
    }
}
