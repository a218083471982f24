// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The header `Strict-Transport-Security` of a TLS listener (RFC 6797): the fields `hsts_…`.
public struct StrictTransportSecurity: Hashable, Sendable {
    /// The seconds for which clients use only TLS, 0 to 2,147,483,647; with 0, they forget the rule.
    public let maxAge: Int
    /// Whether it holds for all subdomains.
    public let includesSubdomains: Bool
    /// Whether browsers may include the host in their lists.
    public let isPreloaded: Bool

    /// Creates a header.
    ///
    /// - Throws: `InvalidValue` for an age outside its range.
    public init(maxAge: Int, includesSubdomains: Bool = false, isPreloaded: Bool = false) throws(InvalidValue) {
        try InvalidValue.requireRange(maxAge, 0...Int(Int32.max), "hsts_max_age")
        self.maxAge = maxAge
        self.includesSubdomains = includesSubdomains
        self.isPreloaded = isPreloaded
    }
}
