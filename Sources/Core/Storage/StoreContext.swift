// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

public import Logging

/// What the agent gives a store that is made.
public struct StoreContext: Sendable {
    /// `archive.ca`: a PEM file of certificate authorities to trust in place of the system's; nil for the system's.
    public let certificateAuthorityFile: String?
    /// `archive.segment_bytes`: the greatest number of bytes of one object or part, 1,048,576 to 5,368,709,120.
    public let segmentBytes: Int
    /// Whether no connection may be made to a loopback, link-local, unspecified, multicast or broadcast address: the
    /// operator has not listed the endpoints that are allowed.
    public let refusesLocalAddresses: Bool
    /// The logger to use.
    public let logger: Logger

    /// Creates a context, such as for a test.
    public init(
        certificateAuthorityFile: String? = nil,
        segmentBytes: Int = 5_368_709_120,
        refusesLocalAddresses: Bool = false,
        logger: Logger
    ) {
        self.certificateAuthorityFile = certificateAuthorityFile
        self.segmentBytes = segmentBytes
        self.refusesLocalAddresses = refusesLocalAddresses
        self.logger = logger
    }
}
