// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

extension UsageReport {
    /// Parses the result of `usage`.
    ///
    /// - Throws: `ProtocolFault` if a member is missing or invalid.
    init(program result: JSONValue) throws(ProtocolFault) {
        guard let start = result.member("start_us")?.wholeNumber.flatMap(UTCTimestamp.init(program:)),
            let end = result.member("end_us")?.wholeNumber.flatMap(UTCTimestamp.init(program:)), start <= end
        else { throw ProtocolFault("answered 'usage' without start_us and end_us, microseconds since 1970 in order") }
        guard let mark = result.member("mark")?.wholeNumber, mark >= 0 else {
            throw ProtocolFault("answered 'usage' without mark, a whole number from 0")
        }
        guard let list = result.member("entries")?.list else {
            throw ProtocolFault("answered 'usage' without entries, a list")
        }
        var entries: [Entry] = []
        var seen: Set<LoadBalancerKey> = []
        for entry in list {
            guard let key = LoadBalancerKey(program: entry), let bytes = entry.member("bytes_out")?.wholeNumber,
                bytes >= 0, seen.insert(key).inserted
            else {
                throw ProtocolFault(
                    "answered 'usage' with an entry without protocol, http or tcp, and bytes_out from 0, or with two "
                        + "of one protocol and id"
                )
            }
            entries.append(Entry(key, bytesOut: UInt64(bytes)))
        }
        self.init(start: start, end: end, entries: entries, mark: UInt64(mark))
    }

    /// The parameters of `commit`: the result of `usage`.
    var programMembers: [JSONFragment.Member] {
        [
            .init("start_us", .integer(start.microseconds)),
            .init("end_us", .integer(end.microseconds)),
            .init("mark", .integer(Int64(clamping: mark))),
            .init(
                "entries",
                .array(
                    entries.map {
                        .object(
                            $0.key.programMembers + [.init("bytes_out", .integer(Int64(clamping: $0.bytesOut)))]
                        )
                    }
                )
            ),
        ]
    }
}
