// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The path and query of an HTTP health check: visible ASCII without special meaning in HAProxy's configuration.
///
/// In Libra and Octavia, a newline in this field injects directives into haproxy.cfg.
public struct MonitorPath: Hashable, Sendable, CustomStringConvertible {
    /// The path, with its leading slash.
    public let description: String

    /// The root, `/`.
    public static let root = MonitorPath(known: "/")

    private init(known text: String) { description = text }

    /// Validates a path; a missing leading slash is added.
    ///
    /// - Throws: `InvalidValue` for more than 255 bytes, for anything but letters, digits and `-._~!&()*+,;=:@%/?`, and
    ///   for a `..` segment.
    public init(_ text: String) throws(InvalidValue) {
        let path = text.hasPrefix("/") ? text : "/" + text
        guard path.utf8.count <= 255 else { throw InvalidValue("must be at most 255 bytes, not \(path.utf8.count)") }
        guard path.utf8.allSatisfy(Self.allows) else {
            throw InvalidValue(
                "may contain only letters, digits and -._~!&()*+,;=:@%/?, not \(Excerpt.quote(text))"
            )
        }
        guard !path.split(separator: "/").contains("..") else {
            throw InvalidValue("must not contain '..', but is \(Excerpt.quote(text))")
        }
        description = path
    }

    private static let allowed = Set("-._~!&()*+,;=:@%/?".utf8)

    private static func allows(_ byte: UInt8) -> Bool {
        0x30...0x39 ~= byte || 0x61...0x7A ~= byte | 0x20 || allowed.contains(byte)
    }
}
