// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// What a check sends and expects, in addition to its path.
public struct MonitorRequest: Hashable, Sendable {
    /// The method of an HTTP or HTTPS check.
    public let method: CheckMethod
    /// The status codes that an HTTP or HTTPS check accepts.
    public let expectedCodes: ExpectedCodes
    /// The Host header of an HTTP or HTTPS check, and the server name of an HTTPS or TLS-HELLO check; nil for the
    /// default Host header and no server name.
    public let domainName: DomainName?

    /// The default: a GET whose answer has the status 200.
    public static let standard = MonitorRequest()

    /// Creates a request.
    public init(
        method: CheckMethod = .get,
        expectedCodes: ExpectedCodes = .ok,
        domainName: DomainName? = nil
    ) {
        self.method = method
        self.expectedCodes = expectedCodes
        self.domainName = domainName
    }
}
