// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

extension ProxyStatus {
    /// The members of a reply that a proxy's name must not replace.
    private static let reservedNames: Set<String> = ["nodes", "status", "release", "version", "network", "gearman"]

    /// Parses the result of `proxy_status`.
    ///
    /// - Returns: nil for null, or if a member is missing or invalid.
    init?(program result: JSONValue) {
        guard let name = result.member("name")?.string, (1...32).contains(name.utf8.count),
            name.utf8.allSatisfy({ (0x61...0x7A).contains($0) }), !Self.reservedNames.contains(name),
            let version = result.member("version")?.string
        else { return nil }
        self.init(
            name: name,
            version: PrintableText.line(version, atMost: 64),
            since: result.member("since_us")?.wholeNumber.flatMap(UTCTimestamp.init(program:)),
            unexpectedEnds: max(0, result.member("unexpected_ends")?.wholeNumber ?? 0)
        )
    }
}
