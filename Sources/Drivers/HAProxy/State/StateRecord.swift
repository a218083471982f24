// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// A file of the driver's own: a JSON object with one member to a line.
///
/// Only what this type has written is read again: anything else is foreign, however it looks.
struct StateRecord {
    private var members: [JSONFragment.Member] = []
    private var values: [String: Substring] = [:]

    /// Begins a record to be written.
    init(format: Int) { members = [.init("format", .integer(Int64(format)))] }

    /// Reads a record.
    ///
    /// - Returns: nil where it is torn, foreign, or of another format.
    init?(_ bytes: [UInt8], format: Int) {
        guard (try? JSONDocument(bytes)) != nil else { return nil }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.first == "{", lines.suffix(2) == ["}", ""] else { return nil }
        for line in lines.dropFirst().dropLast(2) {
            guard line.first == "\"", let end = line.dropFirst().firstIndex(of: "\"") else { return nil }
            let value = line[line.index(after: end)...]
            guard value.hasPrefix(":") else { return nil }
            let name = String(line[line.index(after: line.startIndex)..<end])
            values[name] = value.hasSuffix(",") ? value.dropFirst().dropLast() : value.dropFirst()
        }
        guard integer("format") == Int64(format) else { return nil }
    }

    /// The record as a file.
    var bytes: [UInt8] {
        var bytes = Array("{\n".utf8)
        for (index, member) in members.enumerated() {
            // A member alone, without the braces of the object that it is.
            bytes += JSONFragment.object([member]).json.dropFirst().dropLast()
            bytes += Array((index + 1 < members.count ? ",\n" : "\n").utf8)
        }
        return bytes + Array("}\n".utf8)
    }

    mutating func add(_ name: String, _ value: JSONFragment) { members.append(.init(name, value)) }

    /// The names of the members that were read.
    var names: some Sequence<String> { values.keys }

    func integer(_ name: String) -> Int64? { values[name].flatMap { Int64($0) } }

    /// A string without escape sequences.
    func string(_ name: String) -> String? {
        guard let value = values[name], value.count >= 2, value.hasPrefix("\""), value.hasSuffix("\"") else {
            return nil
        }
        return String(value.dropFirst().dropLast())
    }
}
