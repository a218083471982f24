// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore

/// One ARCHIVE of what none before it has stored.
struct IncrementalArchive: Sendable {
    /// A load balancer of the message, and how far it is.
    private struct Entry: Sendable {
        let key: ArchiveJournalKey
        var record: ArchiveRecord
        var error: ObjectStoreError?
    }

    let ledger: ArchiveLedger
    let shipment: Shipment
    let request: ArchiveRequest
    let log: any OpenedLog
    let now: UTCTimestamp
    /// Ships some objects, as many at a time as may be.
    let ship: @Sendable ([Shipment.Order], Shipment) async -> [Result<ArchivedObject, ObjectStoreError>]

    func run() async -> ArchiveOutcome {
        guard let end = log.end else {
            let error = ObjectStoreError(.sourceFailed, "this driver's log keeps no marks; set archive.mode to full")
            return ArchiveOutcome(failure: .store(error))
        }
        let generation = ledger.currentGeneration
        var outcome = ArchiveOutcome()
        var entries = request.items.map { item in
            let key = ArchiveJournalKey(id: item.id, metered: item.protocol.metered)
            do throws(ObjectStoreError) {
                return Entry(key: key, record: try ledger.read(key, shipment.logger))
            } catch { return Entry(key: key, record: ArchiveRecord(), error: error) }
        }
        outcome.objects += await recover(&entries, generation)
        outcome.objects += await store(&entries, upTo: end, generation)
        outcome.failure = entries.lazy.compactMap(\.error).first.map { .store($0) }
        return outcome
    }

    // MARK: - What was announced and never confirmed

    private func recover(_ entries: inout [Entry], _ generation: Int) async -> [ArchivedObject] {
        var orders: [Shipment.Order] = []
        var places: [Int] = []
        for (index, entry) in entries.enumerated() where entry.error == nil {
            guard let intent = entry.record.intent else { continue }
            // Another place's token says nothing of this one: there, the lines are sent as if for the first time.
            guard intent.endpoint == request.endpoint.description,
                intent.path.container == request.basePath.container
            else { continue }
            let part = LogPart(entry.key.metered, after: entry.record.mark, upTo: intent.upTo)
            orders.append(Shipment.Order(id: entry.key.id, path: intent.path, part: part))
            places.append(index)
        }
        guard !orders.isEmpty else { return [] }
        var objects: [ArchivedObject] = []
        for ((index, order), result) in zip(zip(places, orders), await ship(orders, shipment)) {
            do throws(ObjectStoreError) {
                guard let object = try await confirmed(result, order) else {
                    entries[index].record.intent = nil
                    continue
                }
                entries[index].record.mark = order.part.upTo
                entries[index].record.intent = nil
                try ledger.write(entries[index].record, for: entries[index].key, generation)
                objects.append(object)
            } catch { entries[index].error = error }
        }
        return objects
    }

    /// What is in the store of an object that was announced: just sent, or sent by whoever announced it.
    ///
    /// The content is made once more to compare the sizes: the same lines make the same bytes, unless `archive.compression_level` was
    /// changed since. Then they are taken for somebody else's, and are in the store under two names: rather twice than never.
    ///
    /// - Returns: nil where something else has its name.
    private func confirmed(
        _ result: Result<ArchivedObject, ObjectStoreError>,
        _ order: Shipment.Order
    ) async throws(ObjectStoreError) -> ArchivedObject? {
        switch result {
        case .success(let object): return object
        case .failure(let error) where error.code != .alreadyExists: throw error
        case .failure: break
        }
        let made = try (await ship([order], shipment.asDryRun))[0].get()
        _ = made
        return nil
    }

    // MARK: - What is new

    private func store(_ entries: inout [Entry], upTo end: LogMark, _ generation: Int) async -> [ArchivedObject] {
        var orders: [Shipment.Order] = []
        var places: [Int] = []
        for index in entries.indices where entries[index].error == nil {
            let entry = entries[index]
            let time = entry.record.nextTime(at: now)
            let path = ObjectPath(basePath: request.basePath, loadBalancer: entry.key.id, time: time)
            let part = LogPart(entry.key.metered, after: entry.record.mark, upTo: end)
            entries[index].record.time = time
            entries[index].record.intent = .init(endpoint: request.endpoint.description, path: path, upTo: end)
            do throws(ObjectStoreError) {
                try ledger.write(entries[index].record, for: entry.key, generation)
                orders.append(Shipment.Order(id: entry.key.id, path: path, part: part))
                places.append(index)
            } catch { entries[index].error = error }
        }
        var objects: [ArchivedObject] = []
        for (index, result) in zip(places, await ship(orders, shipment)) {
            do throws(ObjectStoreError) {
                switch result {
                case .success(let object):
                    objects.append(object)
                    entries[index].record.mark = end
                    entries[index].record.intent = nil
                case .failure(let error):
                    entries[index].error = error
                    if !error.mayBeStored { entries[index].record.intent = nil }
                }
                try ledger.write(entries[index].record, for: entries[index].key, generation)
            } catch { entries[index].error = entries[index].error ?? error }
        }
        return objects
    }
}
