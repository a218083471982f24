// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The address of HAProxy's statistics page: the operator's `haproxy.stats_bind`.
struct StatisticsAddress: Hashable, Sendable {
    /// The operator's text, safe in haproxy.cfg.
    let word: CheckedWord
    /// The parsed address.
    let address: ListeningAddress

    static let option = "haproxy.stats_bind"

    /// Parses the operator's text.
    init(_ text: String) throws(InvalidValue) {
        guard let address = Self.parse(text), let word = try? CheckedOption.word(text) else {
            throw InvalidValue("must be HOST:PORT with an IPv4 address, an IPv6 address in brackets, or *")
        }
        self.word = word
        self.address = address
    }

    private static func parse(_ text: String) -> ListeningAddress? {
        guard let colon = text.lastIndex(of: ":"), let number = Int(text[text.index(after: colon)...]),
            let port = try? Port(number)
        else { return nil }
        let host = text[..<colon]
        if host == "*" { return .allIPv4(port) }
        if host.hasPrefix("["), host.hasSuffix("]") {
            guard case .v6(let name)? = IPAddress(String(host.dropFirst().dropLast())) else { return nil }
            return IPAddress(name).map { .one($0, port) }
        }
        guard case .v4? = IPAddress(String(host)) else { return nil }
        return IPAddress(String(host)).map { .one($0, port) }
    }
}
