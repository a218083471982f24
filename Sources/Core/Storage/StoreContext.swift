// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

public import Logging

/// The agent's parameters for a new store.
public struct StoreContext: Sendable {
    /// `archive.ca`: a PEM file of certificate authorities to trust instead of the system's; nil for the system's.
    public let certificateAuthorityFile: String?
    /// `archive.segment_bytes`: the maximum size of one object or part, 1,048,576 to 5,368,709,120 bytes.
    public let segmentBytes: Int
    /// Whether to refuse connections to loopback, link-local, unspecified, multicast and broadcast addresses: the
    /// operator has not listed the allowed endpoints.
    public let refusesLocalAddresses: Bool
    /// The logger to use.
    public let logger: Logger

    /// Creates a context, for example for a test.
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
