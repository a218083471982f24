// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArchivingTestSupport
import SteelyardCore
import Testing

@Suite("The gate", .timeLimit(.minutes(5)))
struct SerialGateTests {
    @Test("runs one caller at a time, from any executor")
    func exclusion() async {
        let gate = SerialGate()
        let state = Shared((inside: 0, most: 0, done: 0))
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<500 {
                group.addTask {
                    await gate.withTurn {
                        state.update { state in
                            state.inside += 1
                            state.most = max(state.most, state.inside)
                        }
                        await Task.yield()
                        state.update { state in
                            state.inside -= 1
                            state.done += 1
                        }
                    }
                }
            }
        }
        let found = state.value
        #expect(found.inside == 0 && found.most == 1 && found.done == 500)
    }

    @Test("what is prepared first is used first, however long the preparation takes")
    func preparing() async {
        let gate = SerialGate()
        let (begun, release, prepared) = (Latch(), Latch(), Latch())
        let order = Shared<[Int]>([])
        async let first: Void = gate.withTurn(
            preparing: {
                begun.open()
                await release.pass()
                return 1
            },
            { number in order.update { $0.append(number) } }
        )
        await begun.pass()
        async let second: Void = gate.withTurn(
            preparing: {
                prepared.open()
                return 2
            },
            { number in order.update { $0.append(number) } }
        )
        await prepared.pass()
        #expect(order.value.isEmpty)
        release.open()
        _ = await (first, second)
        #expect(order.value == [1, 2])
    }

    @Test("a preparation that fails lets the next caller in")
    func failedPreparation() async {
        let gate = SerialGate()
        await #expect(throws: CancellationError.self) {
            try await gate.withTurn(preparing: { () throws -> Int in throw CancellationError() }, { _ in })
        }
        #expect(await gate.withTurn { true })
    }

    @Test("runs callers of one serial executor in the order of their calls", arguments: [3, 64, 65, 500])
    func order(count: Int) async {
        let gate = SerialGate()
        let queue = SerialQueue()
        let latch = Latch()
        let order = Shared<[Int]>([])
        let tasks = (0..<count).map { number in
            Task(executorPreference: queue) {
                await gate.withTurn {
                    if number == 0 { await latch.pass() }
                    order.update { $0.append(number) }
                    if number.isMultiple(of: 3) { await Task.yield() }
                }
            }
        }
        await latch.waitForArrival()
        latch.open()
        for task in tasks { await task.value }
        #expect(order.value == Array(0..<count))
    }

    @Test("a caller that throws releases the gate")
    func failure() async {
        let gate = SerialGate()
        for _ in 0..<3 {
            await #expect(throws: InvalidValue.self) {
                try await gate.withTurn { () throws(InvalidValue) in throw InvalidValue("no") }
            }
        }
        #expect(await gate.withTurn { 7 } == 7)
    }

    @Test("it can be used again after many concurrent callers")
    func crowds() async {
        let gate = SerialGate()
        for _ in 0..<3 {
            let total = await withTaskGroup(of: Int.self) { group in
                for number in 0..<200 { group.addTask { await gate.withTurn { number } } }
                return await group.reduce(0, +)
            }
            #expect(total == 19_900)
        }
    }
}
