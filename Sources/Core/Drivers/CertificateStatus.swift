// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A certificate that the device shows to its clients, or to its nodes: an entry of STATS's `certificates`.
public struct CertificateStatus: Hashable, Sendable {
    /// The id of the container.
    public let id: Identifier
    /// The id of the load balancer, if the UPDATE contains one.
    public let loadBalancer: Identifier?
    /// The SHA-256 of the certificate in DER.
    public let sha256: SHA256Value
    /// The DNS names and IP addresses of the certificate, or its common name if there are none.
    public let names: [String]
    /// The end of the certificate's validity.
    public let lastSecond: UTCTimestamp

    /// A certificate with fewer days left has a warning.
    package static let daysOfWarning = 14

    /// Creates a status.
    public init(
        id: Identifier,
        loadBalancer: Identifier?,
        sha256: SHA256Value,
        names: [String],
        lastSecond: UTCTimestamp
    ) {
        self.id = id
        self.loadBalancer = loadBalancer
        self.sha256 = sha256
        self.names = names
        self.lastSecond = lastSecond
    }

    /// A sentence if the certificate has expired or soon will; nil otherwise.
    package func warning(at time: UTCTimestamp) -> String? {
        let day: Int64 = 86_400_000_000
        let left = lastSecond.microseconds - time.microseconds
        if left <= 0 { return "expired at \(lastSecond.description.prefix(19)) UTC" }
        guard left < Int64(Self.daysOfWarning) * day else { return nil }
        let days = left / day
        return "expires in \(days) \(days == 1 ? "day" : "days"), at \(lastSecond.description.prefix(19)) UTC"
    }

    func json(at time: UTCTimestamp) -> JSONFragment {
        var members: [JSONFragment.Member] = [.init("id", .string(id.description))]
        if let loadBalancer { members.append(.init("load_balancer_id", .string(loadBalancer.description))) }
        members += [
            .init("sha256", .string(sha256.description)),
            .init("names", .array(names.map(JSONFragment.string))),
            .init("not_after", .string("\(lastSecond.description.prefix(19)) UTC")),
        ]
        if let warning = warning(at: time) { members.append(.init("warning", .string(warning))) }
        return .object(members)
    }
}
