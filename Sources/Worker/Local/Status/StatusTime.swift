// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// A moment in JSON, `YYYY-MM-DD HH:MM:SS.ffffff` in UTC, as replies have it.
struct StatusTime: Hashable, Comparable, Sendable, Codable {
    let timestamp: UTCTimestamp

    init(_ timestamp: UTCTimestamp) { self.timestamp = timestamp }

    /// Reads the text of a moment.
    ///
    /// - Returns: nil for any other text.
    init?(_ text: String) {
        let fields = text.split(omittingEmptySubsequences: false) { "- :.".contains($0) }.map { Int64($0) ?? -1 }
        guard fields.count == 7, fields.allSatisfy({ $0 >= 0 }), (1970...9999).contains(fields[0]),
            (1...12).contains(fields[1]), (1...31).contains(fields[2]), (0...23).contains(fields[3]),
            (0...59).contains(fields[4]), (0...59).contains(fields[5]), (0...999_999).contains(fields[6])
        else { return nil }
        // The proleptic Gregorian calendar, with years that begin in March.
        let year = fields[1] > 2 ? fields[0] : fields[0] - 1
        let month = (fields[1] + 9) % 12
        let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + fields[2] - 1 - 719_468
        let seconds = ((days * 24 + fields[3]) * 60 + fields[4]) * 60 + fields[5]
        timestamp = UTCTimestamp(microseconds: seconds * 1_000_000 + fields[6])
        guard timestamp.description == text else { return nil }
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let time = StatusTime(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "no time")
        }
        self = time
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(timestamp.description)
    }

    static func < (first: StatusTime, second: StatusTime) -> Bool { first.timestamp < second.timestamp }

    /// To the second.
    var text: String { String(timestamp.description.prefix(19)) }

    /// The whole seconds until a later moment; 0 if the clock was set back.
    func seconds(until later: StatusTime) -> Int {
        let (difference, isTooLarge) = later.timestamp.microseconds.subtractingReportingOverflow(timestamp.microseconds)
        return isTooLarge ? 0 : max(0, Int(difference / 1_000_000))
    }
}
