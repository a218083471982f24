// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The parts of an HTTP request that the server uses.
struct HTTPRequest: Hashable, Sendable {
    /// The method, such as `GET`.
    let method: String
    /// The path, without the query.
    let path: String
    /// The value of `Accept`; empty if there is none.
    let accept: String

    /// Parses the head of a request.
    ///
    /// - Parameter head: The lines before the empty line.
    /// - Returns: nil if it is not HTTP/1.
    init?(head: [UInt8]) {
        let lines = head.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
            line.last == UInt8(ascii: "\r") ? line.dropLast() : line
        }
        let words = lines[0].split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard words.count == 3, words[2].starts(with: Array("HTTP/1.".utf8)), Self.isToken(words[0]),
            words[1].first == UInt8(ascii: "/"), words[1].allSatisfy({ 0x21...0x7E ~= $0 })
        else { return nil }
        method = String(decoding: words[0], as: UTF8.self)
        path = String(decoding: words[1].prefix { $0 != UInt8(ascii: "?") }, as: UTF8.self)
        accept =
            lines.dropFirst().lazy.compactMap(Self.field).first { $0.name == "accept" }.map(\.value) ?? ""
    }

    private static func field(_ line: ArraySlice<UInt8>) -> (name: String, value: String)? {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let value = line[(colon + 1)...].drop { $0 == 0x20 || $0 == 0x09 }
        return (String(decoding: line[..<colon], as: UTF8.self).lowercased(), String(decoding: value, as: UTF8.self))
    }

    private static func isToken(_ text: ArraySlice<UInt8>) -> Bool {
        (1...16).contains(text.count) && text.allSatisfy { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 }
    }
}
