// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The destination of archives in a store: a container, or a container and a prefix (`container/prefix`).
package struct ObjectBasePath: Hashable, Sendable, CustomStringConvertible {
    /// The container's name.
    package let container: String
    /// The path between the container and the load balancer's id; empty, or without leading and trailing slashes.
    package let prefix: String

    /// Parses a base path; leading and trailing slashes are dropped.
    ///
    /// - Throws: `InvalidValue` for an empty path, more than 256 bytes, control characters, and a segment `.` or `..`.
    package init(_ text: String) throws(InvalidValue) {
        guard text.utf8.count <= 256 else { throw InvalidValue("must be at most 256 bytes, not \(text.utf8.count)") }
        guard text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
            throw InvalidValue("must not contain control characters")
        }
        // Byte by byte, like the store: a slash followed by a combining accent is another Character.
        let segments = text.utf8.split(separator: UInt8(ascii: "/"))
        guard !segments.contains(where: { $0.elementsEqual(".".utf8) }), !text.utf8.contains("..".utf8) else {
            throw InvalidValue("must not contain '..'")
        }
        guard let container = segments.first else { throw InvalidValue("must name a container, but is empty") }
        self.container = String(decoding: container, as: UTF8.self)
        prefix = segments.dropFirst().map { String(decoding: $0, as: UTF8.self) }.joined(separator: "/")
    }

    /// The container and the prefix.
    package var description: String { prefix.isEmpty ? container : "\(container)/\(prefix)" }
}
