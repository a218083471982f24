// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import HTTPStores

/// The configuration of an ``S3Store``.
package struct S3Configuration: Hashable, Sendable {
    /// The position of the bucket's name in a URL.
    package enum Addressing: String, Hashable, Sendable, CaseIterable {
        /// In the path: `https://host/bucket/key`.
        case path
        /// In the host name: `https://bucket.host/key`.
        case virtualHost = "virtual_host"
    }

    /// S3's minimum size for all parts except the last one: 5 MiB.
    package static let smallestPartBytes = 5 << 20

    /// A PEM file of certificate authorities that replaces the system's; nil for the system's.
    package var certificateAuthorityFile: String?

    /// The position of the bucket's name in a URL; default: in the path.
    package var addressing = Addressing.path

    /// Whether to create a missing bucket; default: true.
    package var createsBucket = true

    /// The largest request in bytes, at least 1; default: 5 GiB, which is S3's limit.
    package var segmentBytes: Int

    /// The size of a part in bytes; default: 8 MiB.
    ///
    /// Each upload keeps one part in memory. An object that fits into one part is sent in one PUT, a larger one in a
    /// multipart upload. Parts become larger if the estimated size needs more than 10,000 of them.
    package var partBytes = 8 << 20

    /// Whether to reject loopback, link-local, unspecified, multicast and broadcast addresses; default: false.
    ///
    /// The check applies to the address at connection time, whatever its name.
    package var refusesLocalAddresses = false

    /// The time-out for establishing a connection, including TLS; default: 10 s.
    package var connectTimeout: Duration = .seconds(10)

    /// The longest time without a transferred byte; default: 60 s.
    package var stallTimeout: Duration = .seconds(60)

    /// The time-out for one object, including all attempts and pauses; default: 2 h.
    package var totalTimeout: Duration = .seconds(7200)

    /// The retry policy for requests that may succeed later.
    package var retries = RetryPolicy()

    /// Creates a configuration with the defaults.
    ///
    /// - Parameters:
    ///   - certificateAuthorityFile: A PEM file of trusted certificate authorities.
    ///   - segmentBytes: The largest request in bytes.
    package init(certificateAuthorityFile: String? = nil, segmentBytes: Int = 5_368_709_120) {
        self.certificateAuthorityFile = certificateAuthorityFile
        self.segmentBytes = segmentBytes
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
