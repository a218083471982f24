// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The result of `read_log`: the next lines of a log.
struct LogPiece: Sendable {
    /// The start of the next piece, in bytes of the log.
    let offset: Int
    /// Whether this is the last piece.
    let isLast: Bool
    /// The number of log lines read for it.
    let examinedLines: UInt64
    /// The lines of each load balancer, each line with its newline.
    let texts: [LoadBalancerKey: [UInt8]]

    /// Parses a result.
    ///
    /// - Parameters:
    ///   - start: The start of the piece.
    ///   - end: The end of the log.
    /// - Throws: `ProtocolFault` if a member is missing or invalid, or if the log would never end.
    init(_ result: JSONValue, after start: Int, of end: UInt64) throws(ProtocolFault) {
        guard let offset = result.member("offset")?.wholeNumber, let isLast = result.member("end")?.boolean else {
            throw ProtocolFault("answered 'read_log' without offset, a whole number, and end, a truth value")
        }
        guard offset >= start, isLast || offset > start, offset <= end else {
            throw ProtocolFault("answered 'read_log' with the offset \(offset), which is not from \(start) to \(end)")
        }
        var texts: [LoadBalancerKey: [UInt8]] = [:]
        for proxyKind in ProxyKind.allCases {
            guard let member = result.member(proxyKind.rawValue), !member.isNull else { continue }
            guard let text = member.string else {
                throw ProtocolFault("answered 'read_log' with \(proxyKind.rawValue) that is not a string")
            }
            texts[LoadBalancerKey(proxyKind)] = Self.lines(of: text)
        }
        if let member = result.member("load_balancers"), !member.isNull {
            guard let list = member.list else {
                throw ProtocolFault("answered 'read_log' with load_balancers that is not a list")
            }
            for entry in list {
                guard let key = LoadBalancerKey(program: entry), let text = entry.member("text")?.string else {
                    throw ProtocolFault(
                        "answered 'read_log' with load_balancers without protocol, http or tcp, id and text, strings"
                    )
                }
                if let lines = Self.lines(of: text) { texts[key, default: []] += lines }
            }
        }
        self.offset = offset
        self.isLast = isLast
        self.texts = texts
        let lines = texts.values.reduce(0) { $0 + $1.count { $0 == UInt8(ascii: "\n") } }
        examinedLines = UInt64(max(lines, result.member("examined")?.wholeNumber ?? 0))
    }

    /// The bytes of a text, with a newline at the end; nil for an empty one.
    private static func lines(of text: String) -> [UInt8]? {
        guard !text.isEmpty else { return nil }
        let newline = UInt8(ascii: "\n")
        var bytes = Array(text.utf8)
        if bytes.last != newline { bytes.append(newline) }
        return bytes
    }
}
