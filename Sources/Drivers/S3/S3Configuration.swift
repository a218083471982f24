// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import HTTPStores

/// How an ``S3Store`` talks to its stores.
package struct S3Configuration: Hashable, Sendable {
    /// Where the name of the bucket is in a URL.
    package enum Addressing: String, Hashable, Sendable, CaseIterable {
        /// In the path: `https://host/bucket/key`.
        case path
        /// In the host name: `https://bucket.host/key`.
        case virtualHost = "virtual_host"
    }

    /// The smallest part that S3 takes of an object in several parts, but for the last one: 5 MiB.
    package static let smallestPartBytes = 5 << 20

    /// A PEM file of the certificate authorities that are trusted, in place of the system's; nil for the system's.
    package var certificateAuthorityFile: String?

    /// Where the name of the bucket is in a URL; in the path unless set.
    package var addressing = Addressing.path

    /// Whether a bucket that is missing is created; true unless set.
    package var createsBucket = true

    /// The greatest number of bytes of one request, at least 1; 5 GiB unless set, which is the most that S3 takes.
    package var segmentBytes: Int

    /// The number of bytes of one part; 8 MiB unless set.
    ///
    /// One part is kept in memory for each object that is being sent. An object that fits into one part is sent in one
    /// PUT, a larger one in parts. Parts become larger if the estimated size needs more than 10,000 of them.
    package var partBytes = 8 << 20

    /// Whether no connection is made to a loopback, link-local, unspecified, multicast or broadcast address; false unless
    /// set.
    ///
    /// It is the address that counts, at the time of the connection, whatever name it was found by.
    package var refusesLocalAddresses = false

    /// The longest time for one connection to be made, TLS included; 10 s unless set.
    package var connectTimeout: Duration = .seconds(10)

    /// The longest time in which not one byte goes either way; 60 s unless set.
    package var stallTimeout: Duration = .seconds(60)

    /// The longest time for one object, all attempts and waits together; 2 h unless set.
    package var totalTimeout: Duration = .seconds(7200)

    /// How often and when a request that may succeed later is made again.
    package var retries = RetryPolicy()

    /// Creates a configuration of defaults.
    ///
    /// - Parameters:
    ///   - certificateAuthorityFile: A PEM file of the certificate authorities that are trusted.
    ///   - segmentBytes: The greatest number of bytes of one request.
    package init(certificateAuthorityFile: String? = nil, segmentBytes: Int = 5_368_709_120) {
        self.certificateAuthorityFile = certificateAuthorityFile
        self.segmentBytes = segmentBytes
    }

    /// What every store over HTTP needs.
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
