// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SystemPackage

/// The order of a log's files, oldest first.
///
/// Files with the same naming scheme are in the order of their names. If an operator has changed the scheme, the times
/// of their first lines, or else their modification times, decide which scheme comes first.
struct LogOrder {
    private let time: (_ head: [UInt8]) -> Int64?

    init(_ time: @escaping (_ head: [UInt8]) -> Int64?) { self.time = time }

    private struct Item {
        let file: LogFile
        /// Microseconds since 1970.
        let time: Int64
    }

    func sorted(_ files: [LogFile]) -> [LogFile] {
        let items = files.map { Item(file: $0, time: time($0.head) ?? $0.status.modified / 1000) }
        var groups = Dictionary(grouping: items) { Self.group($0.file.name.age) }.values.map { group in
            group.sorted(by: Self.isOlder)[...]
        }
        // Equal times are in the same second, where any order will do; this one is deterministic.
        groups.sort { Self.group($0[$0.startIndex].file.name.age) < Self.group($1[$1.startIndex].file.name.age) }
        var sorted: [LogFile] = []
        while let oldest = groups.indices.min(by: { Self.first(groups[$0]) < Self.first(groups[$1]) }) {
            sorted.append(groups[oldest].removeFirst().file)
            if groups[oldest].isEmpty { groups.remove(at: oldest) }
        }
        return sorted
    }

    private static func first(_ group: ArraySlice<Item>) -> Int64 {
        guard let item = group.first else { return .max }
        return item.file.name.age == .current ? .max : item.time
    }

    private static func group(_ age: LogFileName.Age) -> Int {
        switch age {
        case .own: 0
        case .time(nil), .unknown: 1
        case .time: 2
        case .number: 3
        case .current: 4
        }
    }

    private static func isOlder(_ one: Item, _ other: Item) -> Bool {
        switch (one.file.name.age, other.file.name.age) {
        case (.own(let first), .own(let second)) where first != second: first < second
        case (.number(let first), .number(let second)) where first != second: first > second
        case (.time(let first?), .time(let second?)) where first != second: first < second
        default:
            one.time != other.time ? one.time < other.time : one.file.path.string < other.file.path.string
        }
    }
}
