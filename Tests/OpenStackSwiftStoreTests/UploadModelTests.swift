// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import TestServers
import Testing

@testable import HTTPStores
@testable import OpenStackSwiftStore

/// The upload state machine with a model of a store that fails at random: in all cases, the store has the complete
/// object or nothing, and the objects and segments of other uploads are kept.
@Suite("An upload to a store that fails at random", .ownThread)
struct UploadModelTests {
    private static let segmentBytes: UInt64 = 10
    private static let earlierAttempt = UploadAttempt(number: 99)

    @Test("stores the complete object or nothing", arguments: 0..<8)
    func model(_ part: UInt64) throws {
        for seed in 0..<300 { try run(seed: part << 32 + UInt64(seed)) }
    }

    private func run(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

        var abilities = ModelStore.Abilities()
        abilities.knowsLargeObjects = !chance(15)
        abilities.takesChunks = !chance(20)
        abilities.takesExpect = !chance(20)
        abilities.weakensTags = chance(20)
        let hasIntruder = chance(20)
        // An object that appears between two requests is overwritten by a store without preconditions.
        abilities.knowsPreconditions = hasIntruder || !chance(30)
        let contentBytes = UInt64.random(in: 0...45, using: &random)
        var store = ModelStore(
            upload: MachineFixture.upload,
            contentBytes: contentBytes,
            segmentBytes: Self.segmentBytes,
            abilities: abilities,
            faultRate: [0, 10, 40, 80][Int.random(in: 0..<4, using: &random)],
            random: random,
            containers: chance(50) ? [.objects, .segments] : [],
            intruderAfter: hasIntruder ? Int.random(in: 0..<12, using: &random) : nil
        )
        let estimate: UInt64? = chance(50) ? contentBytes : nil
        let hasEarlierObject = !hasIntruder && contentBytes > 0 && chance(25)
        var machine = try makeMachine(estimate, isFresh: !hasEarlierObject)
        if hasEarlierObject {
            let address = machine.failures.address
            try store.putEarlierObject(Self.earlierAttempt, address: address, isDamaged: chance(50))
        }
        let stopAfter = chance(20) ? Int.random(in: 1..<20, using: &random) : nil

        var step = machine.begin()
        var count = 0
        while true {
            count += 1
            guard count < 5000 else {
                Issue.record("seed \(seed): endless loop")
                return
            }
            let isStopped = stopAfter.map { count > $0 } ?? false
            switch step {
            case .finish(let result):
                check(result, store, seed)
                return
            case .request(let request) where request.isCleanUp || !isStopped:
                step = machine.next(after: store.perform(request))
            case .pause where !isStopped: step = machine.nextAfterPause()
            case .request, .pause: step = machine.next(afterStop: ObjectStoreError(.cancelled, "stopping"))
            }
        }
    }

    private func makeMachine(_ estimate: UInt64?, isFresh: Bool) throws -> UploadStateMachine {
        let address = ObjectAddress(
            path: try TestUpload.path(in: "c", "lb"),
            endpoint: try StorageEndpoint("https://store.example/v1/a"),
            token: try StorageToken("secret")
        )
        return UploadStateMachine(
            upload: MachineFixture.upload,
            byteEstimate: estimate,
            isFresh: isFresh,
            segmentBytes: Self.segmentBytes,
            failures: StoreFailures(address: address),
            retries: RetryPolicy()
        )
    }

    private func check(_ result: Result<StoredObject, ObjectStoreError>, _ store: ModelStore, _ seed: UInt64) {
        let isOurs = store.object?.upload == store.upload
        #expect(store.violations.isEmpty, "seed \(seed)")
        switch result {
        case .success(let stored):
            #expect(isOurs && store.object?.isWhole == true, "seed \(seed)")
            #expect(stored.byteCount == store.contentBytes, "seed \(seed)")
            #expect(store.object?.segments.allSatisfy { store.segments.contains($0) } == true, "seed \(seed)")
        case .failure(let error):
            let isNamed = error.message.contains("remove the object") || error.message.contains("look for")
            #expect(!isOurs || error.mayBeStored || isNamed, "seed \(seed): \(error)")
            var remains = store.segments.subtracting(isOurs ? store.object?.segments ?? [] : [])
            remains = remains.filter { $0.attempt != Self.earlierAttempt }
            #expect(remains.isEmpty || error.message.contains("remove everything in"), "seed \(seed): \(error)")
        }
    }
}
