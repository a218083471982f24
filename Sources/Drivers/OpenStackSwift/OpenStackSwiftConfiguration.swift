// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import HTTPStores
package import SteelyardCore

/// How an ``OpenStackSwiftStore`` talks to its stores.
package struct OpenStackSwiftConfiguration: Hashable, Sendable {
    /// A PEM file of the certificate authorities that are trusted, in place of the system's; nil for the system's.
    package var certificateAuthorityFile: String?

    /// The greatest number of bytes of one object in the store, at least 1.
    ///
    /// What is larger is stored in segments of that size. 5 GiB unless set, which is what OpenStack Swift takes by default.
    package var segmentBytes: Int

    /// Whether no connection is made to a loopback, link-local, unspecified, multicast or broadcast address; false unless
    /// set.
    ///
    /// It is the address that counts, at the time of the connection, whatever name it was found by.
    package var refusesLocalAddresses = false

    /// The longest time for one connection to be made, TLS included; 10 s unless set.
    package var connectTimeout: Duration = .seconds(10)

    /// The longest time in which not one byte goes either way; 60 s unless set, after which Swift gives up a client, too.
    ///
    /// The time that the sender needs to make its bytes does not count.
    package var stallTimeout: Duration = .seconds(60)

    /// The longest time for one object, all attempts and waits together; 2 h unless set.
    package var totalTimeout: Duration = .seconds(7200)

    /// How often and when a request that may succeed later is made again.
    package var retries = RetryPolicy()

    /// Creates a configuration of defaults.
    ///
    /// - Parameters:
    ///   - certificateAuthorityFile: A PEM file of the certificate authorities that are trusted.
    ///   - segmentBytes: The greatest number of bytes of one object in the store.
    package init(certificateAuthorityFile: String? = nil, segmentBytes: Int = 5_368_709_120) {
        self.certificateAuthorityFile = certificateAuthorityFile
        self.segmentBytes = segmentBytes
    }

    /// Checks that the file of certificate authorities can be used, if there is one: that it can be read, and that it has
    /// PEM certificates and no damaged one.
    ///
    /// - Throws: `InvalidValue` that names the file and what is wrong with it.
    package func checkCertificateAuthorityFile() throws(InvalidValue) {
        if let certificateAuthorityFile { try CertificateAuthorityFile.check(certificateAuthorityFile) }
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
