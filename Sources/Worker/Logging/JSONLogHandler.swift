// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import SteelyardCore

/// Writes each log line to standard error as one JSON object, for whatever collects logs by machine.
struct JSONLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .info
    private let label: String

    init(label: String) { self.label = label }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let merged = metadata.merging(event.metadata ?? [:]) { $1 }
        let members: [JSONFragment.Member] = [
            .init("time", .string(UTCTimestamp.now.description)),
            .init("level", .string(event.level.rawValue)),
            .init("logger", .string(label)),
            .init("message", .string(event.message.description)),
        ]
        let data = merged.sorted { $0.key < $1.key }.map { JSONFragment.Member($0.key, Self.fragment($0.value)) }
        let line = JSONFragment.object(members + data).json + [UInt8(ascii: "\n")]
        // One write, so that lines of several threads do not mix.
        _ = unsafe line.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    private static func fragment(_ value: Logger.Metadata.Value) -> JSONFragment {
        switch value {
        case .string(let string): .string(string)
        case .stringConvertible(let value): .string(value.description)
        case .array(let values): .array(values.map(fragment))
        case .dictionary(let values):
            .object(values.sorted { $0.key < $1.key }.map { JSONFragment.Member($0.key, fragment($0.value)) })
        }
    }
}
