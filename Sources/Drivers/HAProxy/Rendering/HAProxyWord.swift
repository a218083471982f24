// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem

/// A word of a line in haproxy.cfg, or of a command to the running HAProxy.
///
/// A word consists only of this program's literals and of values whose types exclude white space, quotes, `\`, `#`, `$`
/// and control characters, or that are quoted and exclude control characters. (A monitor's path may contain `;`, which separates commands; no command has a path.)
struct HAProxyWord: Hashable, Sendable, ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
    let text: String
    /// Whether it is the path of a file that has another name while HAProxy checks a configuration.
    let isCheckedFile: Bool

    init(stringLiteral literal: StaticString) {
        text = literal.description
        isCheckedFile = false
    }

    init(stringInterpolation: Interpolation) {
        text = stringInterpolation.text
        isCheckedFile = false
    }

    /// The path of a file that has another name while HAProxy checks a configuration, so that a check changes no file in
    /// use.
    init(checkedFile path: HAProxyWord) {
        text = path.text
        isCheckedFile = true
    }

    /// The word while HAProxy checks a configuration.
    var candidateText: String { isCheckedFile ? text + DeviceFiles.candidateSuffix : text }

    /// Inside single quotes, no character but `'` has a meaning.
    private static func quoted(_ text: String) -> String { "'" + text.replacing("'", with: #"'\''"#) + "'" }

    /// Joins this program's literals and checked values.
    struct Interpolation: StringInterpolationProtocol {
        fileprivate(set) var text = ""

        init(literalCapacity: Int, interpolationCount: Int) {}

        mutating func appendLiteral(_ literal: StaticString) { text += literal.description }
        mutating func appendInterpolation(_ number: Int) { text += String(number) }
        mutating func appendInterpolation(_ port: Port) { text += port.description }
        mutating func appendInterpolation(_ identifier: Identifier) { text += identifier.description }
        mutating func appendInterpolation(_ address: IPAddress) { text += address.description }
        mutating func appendInterpolation(_ address: HostAddress) { text += address.description }
        mutating func appendInterpolation(_ path: MonitorPath) { text += path.description }
        /// An address for a server's parameter, with brackets for IPv6.
        mutating func appendInterpolation(bracketed address: IPAddress) {
            if case .v6 = address { text += "[\(address)]" } else { text += address.description }
        }
        mutating func appendInterpolation(_ network: IPNetwork) { text += network.description }
        mutating func appendInterpolation(_ method: CheckMethod) { text += method.rawValue }
        mutating func appendInterpolation(_ codes: ExpectedCodes) { text += codes.description }
        mutating func appendInterpolation(_ name: DomainName) { text += name.description }
        mutating func appendInterpolation(_ option: CheckedWord) { text += option.text }
        mutating func appendInterpolation(_ fingerprint: Fingerprint) { text += fingerprint.description }
        mutating func appendInterpolation(_ name: ServerName) { text += name.description }
        mutating func appendInterpolation(_ spoken: ListenerProtocol) { text += spoken.rawValue }
        mutating func appendInterpolation(_ algorithm: BalancingAlgorithm) { text += algorithm.rawValue }
        mutating func appendInterpolation(frontend key: LoadBalancerKey) { text += ProxyName(key).frontend }
        mutating func appendInterpolation(_ name: BackendName) { text += name.description }
        mutating func appendInterpolation(_ digest: SHA256Value) { text += digest.description }
        /// HAProxy has a name of its own for TLS 1.0.
        mutating func appendInterpolation(_ version: TLSVersion) {
            text += version == .tls10 ? "TLSv1.0" : version.rawValue
        }
        mutating func appendInterpolation(_ ciphers: TLSCiphers) { text += ciphers.description }
        mutating func appendInterpolation(_ offered: ALPNProtocol) { text += offered.rawValue }
        mutating func appendInterpolation(_ word: HAProxyWord) { text += word.text }
        mutating func appendInterpolation(_ name: HTTPToken) { text += name.description }
        mutating func appendInterpolation(_ header: InsertedHeaders.Header) { text += header.rawValue }
        mutating func appendInterpolation(quoted value: L7Value) { text += HAProxyWord.quoted(value.description) }
        /// A URL for a log format, in which `%` starts an expression.
        mutating func appendInterpolation(quoted url: WebURL) {
            text += HAProxyWord.quoted(url.description.replacing("%", with: "%%"))
        }
    }
}
