// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// How far a load balancer's log is in the store, and what was about to be put there.
///
/// An object is announced here before it is sent. Whoever finds the announcement later, after a crash or where no answer
/// came, sends the same lines under the same name again: what is there is never overwritten, so that they are in the store
/// once, whatever became of the first attempt.
struct ArchiveRecord: Hashable, Sendable {
    /// An object that may be in the store, or not.
    struct Intent: Hashable, Sendable {
        let endpoint: String
        let path: ObjectPath
        /// The object has the lines from the record's mark to this one.
        let upTo: LogMark
    }

    private static let format = "1"
    /// The end of the year 9999: names have four digits for the year.
    private static let latest: Int64 = 253_402_300_799_999_999

    /// Behind the last line that is in the store; nil for none.
    var mark: LogMark?
    /// The time in the name of the last object: no two may have the same.
    var time = UTCTimestamp(microseconds: 0)
    var intent: Intent?

    init() {}

    /// The time in the name of the next object: names have seconds, and no two objects have one name.
    func nextTime(at now: UTCTimestamp) -> UTCTimestamp {
        max(now, UTCTimestamp(microseconds: time.microseconds + 1_000_000))
    }

    /// The record as a file.
    var bytes: [UInt8] {
        var members: [JSONFragment.Member] = [
            .init("format", .string(Self.format)),
            .init("time", .string(String(time.microseconds))),
        ]
        if let mark { members.append(.init("mark", .string(mark.text))) }
        if let intent {
            members += [
                .init("intentEndpoint", .string(intent.endpoint)),
                .init("intentContainer", .string(intent.path.container)),
                .init("intentName", .string(intent.path.name)),
                .init("intentUpTo", .string(intent.upTo.text)),
            ]
        }
        return JSONFragment.object(members).json + [UInt8(ascii: "\n")]
    }

    /// Reads a record; nil where it is torn or foreign.
    init?(_ bytes: [UInt8]) {
        guard let root = (try? JSONDocument(bytes))?.root, root.string(of: "format") == Self.format,
            let microseconds = root.string(of: "time").flatMap({ Int64($0) }), 0...Self.latest ~= microseconds
        else { return nil }
        time = UTCTimestamp(microseconds: microseconds)
        mark = root.string(of: "mark").map { LogMark($0) }
        guard let endpoint = root.string(of: "intentEndpoint") else { return }
        guard let container = root.string(of: "intentContainer"), let name = root.string(of: "intentName"),
            let upTo = root.string(of: "intentUpTo")
        else { return nil }
        intent = Intent(endpoint: endpoint, path: ObjectPath(container: container, name: name), upTo: LogMark(upTo))
    }
}
