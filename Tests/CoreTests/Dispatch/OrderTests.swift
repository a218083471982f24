// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArchivingTestSupport
import SteelyardCore
import Testing

/// Order and blocking of messages: a latch blocks a call as long as the test needs, so no test depends on time.
@Suite("Order of messages", .timeLimit(.minutes(5)))
struct OrderTests {
    @Test("changes run one at a time, in the order of their arrival", arguments: [false, true])
    func changesInOrder(isDryRun: Bool) async throws {
        let latch = Latch()
        let driver = RecordingDriver(pause: { event in
            if event == "apply 1000" || event == "preview" { await latch.pass() }
            // Lets a second change start, if the gate allows it.
            for _ in 0..<3 { await Task.yield() }
        })
        let agent = TestAgent(driver: driver, isDryRun: isDryRun)
        let queue = SerialQueue()
        var messages = (1000..<1050).map { TestAgent.update(port: $0) }
        messages.insert(#"{"hpcs_action":"SUSPEND"}"#, at: 10)
        messages.insert(#"{"hpcs_action":"ENABLE"}"#, at: 20)
        messages.insert(#"{"hpcs_action":"DELETE"}"#, at: 30)
        let finished = Shared<[Int]>([])
        let tasks = messages.indices.map { index in
            Task(executorPreference: queue) { [messages] in
                let outcome = await agent.dispatcher.handle(Array(messages[index].utf8), job: TestJob())
                finished.update { $0.append(index) }
                return outcome.reply.passed
            }
        }
        await latch.waitForArrival()
        #expect(driver.events.count == 1, "the others wait for the first")
        latch.open()
        var passed = 0
        for task in tasks where await task.value { passed += 1 }
        guard !isDryRun else {
            // Nothing has been configured, so nothing can be suspended or enabled.
            #expect(driver.events == Array(repeating: "preview", count: messages.count) && passed == messages.count - 2)
            return
        }
        var expected = (1000..<1050).map { "apply \($0)" }
        expected.insert("suspend", at: 10)
        expected.insert("enable", at: 20)
        expected.insert("delete", at: 30)
        #expect(driver.events == expected)
        #expect(driver.mostAtOnce == 1 && passed == messages.count)
        #expect(finished.value == Array(messages.indices))
    }

    @Test("a failed change does not block the next one")
    func failingChange() async throws {
        let agent = TestAgent(
            driver: RecordingDriver(failure: { $0 == "apply 1" ? DriverError(.rejected, "no") : nil })
        )
        for _ in 0..<3 {
            #expect(try await agent.update(port: 1).error == "no")
            #expect(try await agent.update(port: 2).passed)
        }
    }

    @Test("reading does not wait for changes", arguments: ["STATS", "METRICS", "DISCOVER", "DIAGNOSTICS"])
    func readingBeside(action: String) async throws {
        let latch = Latch()
        let agent = TestAgent(driver: RecordingDriver(pause: { if $0 == "apply 2" { await latch.pass() } }))
        try await agent.update(port: 1)
        let change = Task { try await agent.update(port: 2).passed }
        await latch.waitForArrival()
        // This returns while the change is still blocked.
        let answer = try await agent.send(#"{"hpcs_action":"\#(action)"}"#)
        #expect(answer.passed, "\(answer.text)")
        latch.open()
        #expect(try await change.value)
    }

    @Test("a rejected message does not wait for changes")
    func refusalBeside() async throws {
        let latch = Latch()
        let agent = TestAgent(driver: RecordingDriver(pause: { if $0 == "apply 1" { await latch.pass() } }))
        let change = Task { try await agent.update(port: 1).passed }
        await latch.waitForArrival()
        #expect(try await agent.send("{").response == "FAIL")
        #expect(try await agent.update(port: 0).response == "FAIL")
        latch.open()
        #expect(try await change.value)
    }

    @Test("an ARCHIVE opens its log in its turn: a later DELETE does not affect it")
    func archiveBeforeDelete() async throws {
        let latch = Latch()
        let driver = RecordingDriver(pause: { if $0 == "suspend" { await latch.pass() } })
        let agent = TestAgent(driver: driver)
        try await agent.update(port: 1)
        driver.setLog(of: .http, ["one", "two"])
        let queue = SerialQueue()
        let messages = [
            #"{"hpcs_action":"SUSPEND"}"#, TestAgent.archive(), #"{"hpcs_action":"DELETE"}"#, TestAgent.archive(),
        ]
        let tasks = messages.map { message in
            Task(executorPreference: queue) { await agent.dispatcher.handle(Array(message.utf8), job: TestJob()) }
        }
        await latch.waitForArrival()
        latch.open()
        var passed: [Bool] = []
        for task in tasks { passed.append(await task.value.reply.passed) }
        #expect(passed == [true, true, true, false], "the last ARCHIVE runs after the DELETE")
        #expect(driver.events == ["apply 1", "suspend", "open", "delete", "open"])
        #expect(agent.store.uploads.map(\.content) == ["one\ntwo\n"])
    }

    @Test("an ARCHIVE uploads concurrently with other messages")
    func shippingBeside() async throws {
        let latch = Latch()
        let agent = TestAgent(store: RecordingStore(pause: { await latch.pass() }))
        try await agent.update(port: 1)
        agent.driver.setLog(of: .http, ["one"])
        let archive = Task { try await agent.send(TestAgent.archive()).passed }
        await latch.waitForArrival()
        // While the upload is blocked, all messages work, even the DELETE of the log that is uploaded.
        #expect(try await agent.update(port: 2).passed)
        #expect(try await agent.send(#"{"hpcs_action":"STATS"}"#).passed)
        #expect(try await agent.send(#"{"hpcs_action":"DELETE"}"#).passed)
        latch.open()
        #expect(try await archive.value)
        #expect(agent.store.uploads.map(\.content) == ["one\n"])
    }
}
