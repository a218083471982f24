// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem

extension UsageLedger {
    private static let format = 2
    private static let storableSequences = 0...UInt64(Int64.max)

    private struct File: Codable {
        struct Moved: Codable {
            let start: Int64
            let clock: DeviceClock
        }

        struct Reading: Codable {
            let process: Int32
            let started: UInt64
            let bytes: [String: UInt64]
            let owners: [ProxyKind: String]?
        }

        let format: Int
        let start: Int64
        let clock: DeviceClock?
        let moved: Moved?
        let sequence: UInt64
        let isNew: Bool
        let served: [String]
        let servedSince: [String]
        let owners: [ProxyKind: String]?
        let assigned: [ProxyKind: String]?
        let pending: [String: UInt64]
        let readings: [Reading]
    }

    /// The ledger as a file.
    var record: [UInt8] {
        StateFile.encode(
            File(
                format: Self.format,
                start: start.microseconds,
                clock: clock,
                moved: moved.map { .init(start: $0.start.microseconds, clock: $0.clock) },
                sequence: sequence,
                isNew: isNew,
                served: served.sorted().map(\.name),
                servedSince: servedSince.sorted().map(\.name),
                owners: owners.isEmpty ? nil : owners.mapValues(\.description),
                assigned: assigned.isEmpty ? nil : assigned.mapValues(\.description),
                pending: Self.named(pending),
                readings: readings.map { worker, bytes in
                    File.Reading(
                        process: worker.processID,
                        started: worker.startTime,
                        bytes: Self.named(bytes),
                        owners: oldOwners[worker]?.mapValues(\.description)
                    )
                }
                .sorted { ($0.process, $0.started) < ($1.process, $1.started) }
            )
        )
    }

    /// Parses a ledger file, with any white space and any order of its members.
    ///
    /// - Returns: nil if a member is missing, has another type or is out of range, or if the format is not known.
    init?(record bytes: [UInt8]) {
        guard let file = StateFile.decode(File.self, from: bytes), file.format == Self.format else {
            self.init(firstFormat: bytes)
            return
        }
        guard UTCTimestamp.storable.contains(file.start), UTCTimestamp.storable.contains(file.moved?.start ?? 0),
            Self.storableSequences.contains(file.sequence), let pending = Self.bytes(file.pending),
            let served = Self.keys(file.served), let servedSince = Self.keys(file.servedSince)
        else { return nil }
        var readings: [Worker: Bytes] = [:]
        var oldOwners: [Worker: [ProxyKind: Identifier]] = [:]
        for reading in file.readings {
            guard let bytes = Self.bytes(reading.bytes) else { return nil }
            let worker = Worker(processID: reading.process, startTime: reading.started)
            readings[worker] = bytes
            oldOwners[worker] = reading.owners.map(Self.ids)
        }
        self.init(
            start: UTCTimestamp(microseconds: file.start),
            clock: file.clock,
            moved: file.moved.map { Moved(start: UTCTimestamp(microseconds: $0.start), clock: $0.clock) },
            sequence: file.sequence,
            isNew: file.isNew,
            pending: pending,
            readings: readings,
            served: served,
            servedSince: servedSince,
            owners: Self.ids(file.owners ?? [:]),
            assigned: Self.ids(file.assigned ?? [:]),
            oldOwners: oldOwners
        )
    }

    private static func named(_ bytes: Bytes) -> [String: UInt64] {
        Dictionary(bytes.map { ($0.name, $1) }) { first, _ in first }
    }

    private static func bytes(_ named: [String: UInt64]) -> Bytes? {
        var bytes: Bytes = [:]
        for (name, count) in named {
            guard let key = LoadBalancerKey(name: name) else { return nil }
            bytes[key] = count
        }
        return bytes
    }

    private static func ids(_ named: [ProxyKind: String]) -> [ProxyKind: Identifier] {
        named.compactMapValues { try? Identifier($0) }
    }

    private static func keys(_ names: [String]) -> Set<LoadBalancerKey>? {
        let keys = names.compactMap { LoadBalancerKey(name: $0) }
        return keys.count == names.count ? Set(keys) : nil
    }
}

// MARK: - The first format

/// A number, or text such as `http tcp` or `http=10 tcp=20`.
private enum FirstValue: Decodable {
    case number(Int64)
    case text(String)

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let number = try? value.decode(Int64.self) {
            self = .number(number)
        } else {
            self = .text(try value.decode(String.self))
        }
    }

    var number: Int64? { if case .number(let number) = self { number } else { nil } }

    var protocols: Set<LoadBalancerKey>? {
        guard case .text(let text) = self else { return nil }
        let names = text.split(separator: " ")
        let protocols = names.compactMap { ProxyKind(rawValue: String($0)) }
        return protocols.count == names.count ? Set(protocols.map { LoadBalancerKey($0) }) : nil
    }

    var bytes: UsageLedger.Bytes? {
        guard case .text(let text) = self else { return nil }
        var bytes: UsageLedger.Bytes = [:]
        for part in text.split(separator: " ") {
            let pair = part.split(separator: "=")
            guard pair.count == 2, let proxyKind = ProxyKind(rawValue: String(pair[0])), let value = UInt64(pair[1])
            else { return nil }
            bytes[LoadBalancerKey(proxyKind)] = value
        }
        return bytes
    }
}

extension UsageLedger {
    /// Parses the format of earlier agents: a flat object with a member `worker.PROCESS.STARTED` for each worker.
    fileprivate init?(firstFormat file: [UInt8]) {
        guard let members = StateFile.decode([String: FirstValue].self, from: file), members["format"]?.number == 1,
            let start = members["start"]?.number, UTCTimestamp.storable.contains(start),
            let sequence = members["sequence"]?.number, sequence >= 0,
            let served = members["served"]?.protocols, let servedSince = members["servedSince"]?.protocols,
            let pending = members["pending"]?.bytes
        else { return nil }
        var readings: [Worker: Bytes] = [:]
        for (name, value) in members where name.hasPrefix("worker.") {
            let parts = name.split(separator: ".")
            guard parts.count == 3, let processID = Int32(parts[1]), let startTime = UInt64(parts[2]),
                let bytes = value.bytes
            else { return nil }
            readings[Worker(processID: processID, startTime: startTime)] = bytes
        }
        self.init(
            start: UTCTimestamp(microseconds: start),
            clock: nil,
            sequence: UInt64(sequence),
            isNew: sequence == 0 && readings.isEmpty && pending.isEmpty,
            pending: pending,
            readings: readings,
            served: served,
            servedSince: servedSince
        )
    }
}
