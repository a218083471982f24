// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// A job server: `HOST`, `HOST:PORT` or `[IPV6]:PORT`.
struct GearmanServer: Hashable, Sendable, CustomStringConvertible {
    /// The host's name or address, an IPv6 address without brackets.
    let host: String
    /// The TCP port; the default is 4730.
    let port: Int

    /// Gearman's port, as registered with IANA.
    static let standardPort = 4730

    /// Parses a job server.
    ///
    /// - Throws: `InvalidValue` for a host that is not an address or a name, or a port outside 1 to 65535.
    init(_ text: String) throws(InvalidValue) {
        let host: Substring
        let rest: Substring
        if text.hasPrefix("["), let bracket = text.firstIndex(of: "]") {
            host = text[text.index(after: text.startIndex)..<bracket]
            rest = text[text.index(after: bracket)...]
        } else {
            let colon = text.firstIndex(of: ":") ?? text.endIndex
            host = text[..<colon]
            rest = text[colon...]
        }
        guard rest.isEmpty || rest.hasPrefix(":"), (try? HostAddress(String(host))) != nil else {
            throw InvalidValue("must be HOST:PORT, such as 127.0.0.1:4730, not \"\(text)\"")
        }
        guard let port = rest.isEmpty ? Self.standardPort : Int(rest.dropFirst()), (1...65535).contains(port) else {
            throw InvalidValue("must have a port from 1 to 65535 after the colon, not \"\(text)\"")
        }
        self.host = String(host)
        self.port = port
    }

    /// The host and the port.
    var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
