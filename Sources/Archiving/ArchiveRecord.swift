// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// How far a load balancer's log is in the store, and what was about to be put there.
///
/// An object is announced here before it is sent. If a crash or a missing answer leaves the announcement, the next ARCHIVE
/// sends the same lines under the same name again: an object is never overwritten, so the lines are in the store once.
struct ArchiveRecord: Hashable, Sendable {
    /// An object that may be in the store, or not.
    struct Intent: Hashable, Sendable {
        let endpoint: String
        let path: ObjectPath
        /// The object has the lines from the record's mark to this one.
        let upTo: LogMark
    }

    private static let format = "1"

    /// After the last line that is in the store; nil for none.
    var mark: LogMark?
    /// The time in the name of the last object: no two may have the same.
    var time = UTCTimestamp(microseconds: 0)
    var intent: Intent?

    init() {}

    /// The time in the name of the next object: names have seconds, and no two objects have one name.
    func nextTime(at now: UTCTimestamp) -> UTCTimestamp {
        max(now, UTCTimestamp(microseconds: time.microseconds + 1_000_000))
    }

    /// The members of the file; numbers are text, which no program rounds.
    private struct File: Codable {
        let format: String
        let time: String
        var mark: String?
        var intentEndpoint: String?
        var intentContainer: String?
        var intentName: String?
        var intentUpTo: String?
    }

    /// The record as a file.
    var bytes: [UInt8] {
        StateFile.encode(
            File(
                format: Self.format,
                time: String(time.microseconds),
                mark: mark?.text,
                intentEndpoint: intent?.endpoint,
                intentContainer: intent?.path.container,
                intentName: intent?.path.name,
                intentUpTo: intent?.upTo.text
            )
        )
    }

    /// Reads a record from a file, whatever its white space and the order of its members.
    ///
    /// - Returns: nil if a member is missing, has another type or is out of range, or if the format is not known.
    init?(_ bytes: [UInt8]) {
        guard let file = StateFile.decode(File.self, from: bytes), file.format == Self.format,
            let microseconds = Int64(file.time), UTCTimestamp.storable.contains(microseconds)
        else { return nil }
        time = UTCTimestamp(microseconds: microseconds)
        mark = file.mark.map { LogMark($0) }
        guard let endpoint = file.intentEndpoint else { return }
        guard let container = file.intentContainer, let name = file.intentName, let upTo = file.intentUpTo else {
            return nil
        }
        intent = Intent(endpoint: endpoint, path: ObjectPath(container: container, name: name), upTo: LogMark(upTo))
    }
}
