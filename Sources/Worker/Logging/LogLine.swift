// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore

/// Formats one log event as one line, with its values escaped.
struct LogLine {
    let label: String
    let level: Logger.Level
    let message: String
    let metadata: Logger.Metadata
    var time = UTCTimestamp.now

    /// The level as a syslog number, which the journal uses.
    var priority: Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }

    /// Time, level and message, and the metadata as `key=value`, sorted by key.
    var text: [UInt8] {
        var line = "\(timeWithZone) \(level.rawValue) \(Self.escaped(message))"
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            line += " \(Self.escaped(key))=\(Self.quoted(value.description))"
        }
        return Array(line.utf8)
    }

    /// One JSON object.
    var json: [UInt8] {
        let members: [JSONFragment.Member] = [
            .init("time", .string(timeWithZone)),
            .init("level", .string(level.rawValue)),
            .init("logger", .string(label)),
            .init("message", .string(message)),
        ]
        let data = metadata.sorted { $0.key < $1.key }.map { JSONFragment.Member($0.key, Self.fragment($0.value)) }
        return JSONFragment.object(members + data).json
    }

    private var timeWithZone: String { time.description.replacing(" ", with: "T") + "Z" }

    private static func fragment(_ value: Logger.Metadata.Value) -> JSONFragment {
        switch value {
        case .string(let string): .string(string)
        case .stringConvertible(let value): .string(value.description)
        case .array(let values): .array(values.map(fragment))
        case .dictionary(let values):
            .object(values.sorted { $0.key < $1.key }.map { JSONFragment.Member($0.key, fragment($0.value)) })
        }
    }

    /// The value in quotation marks, unless it is one word of visible ASCII.
    private static func quoted(_ value: String) -> String {
        let isWord = !value.isEmpty && value.utf8.allSatisfy { 0x21...0x7E ~= $0 && !#""\="#.utf8.contains($0) }
        guard !isWord else { return value }
        let marked = value.replacing("\\", with: #"\\"#).replacing("\"", with: #"\""#)
        return "\"\(escaped(marked))\""
    }

    /// The text with escapes for all that could end the line, move a terminal's cursor or hide other characters.
    private static func escaped(_ text: String) -> String {
        guard !text.utf8.allSatisfy({ 0x20...0x7E ~= $0 }) else { return text }
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": escaped += #"\n"#
            case "\r": escaped += #"\r"#
            case "\t": escaped += #"\t"#
            case _ where scalar.couldHideText: escaped += #"\u{"# + String(scalar.value, radix: 16) + "}"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
