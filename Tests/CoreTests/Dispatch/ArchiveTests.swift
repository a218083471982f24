// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArchivingTestSupport
import SteelyardCore
import Testing

@Suite("ARCHIVE")
struct ArchiveTests {
    private static let two = #"[{"id":"7","protocol":"HTTP"},{"id":"8","protocol":"TCP"},{"protocol":"GALERA"}]"#

    private func agent(store: RecordingStore = RecordingStore(), allowed: [String] = []) async throws -> TestAgent {
        let agent = TestAgent(store: store, allowedEndpoints: allowed)
        try await agent.update()
        agent.driver.setLog(of: .http, ["web 1", "web 2"])
        agent.driver.setLog(of: .tcp, ["sql 1"])
        return agent
    }

    @Test("uploads one object per load balancer and reports progress")
    func objects() async throws {
        let agent = try await agent()
        let job = TestJob()
        let answer = try await agent.send(ArchiveMessageTests.text(list: Self.two), job: job)
        #expect(answer.passed)
        let uploads = ["7", "8", "3"].compactMap { id in agent.store.uploads.first { $0.place.contains("/\(id)/") } }
        let names = ["7", "8", "3"].map { "lbaaslogs/\($0)/haproxy-20231114-221320.log.gz" }
        #expect(uploads.map(\.place) == names)
        #expect(uploads.map(\.content) == ["web 1\nweb 2\n", "sql 1\n", "sql 1\n"])
        #expect(Set(uploads.map(\.endpoint)) == ["https://example.com/v1/100"])
        let reports = job.reports
        #expect(reports.map(\.done) == reports.map(\.done).sorted() && reports.last == .init(done: 18, total: 18))
        #expect(Set(reports.map(\.total)) == [18])
        #expect(agent.driver.events.filter { $0 == "open" }.count == 1)
        let archives = """
            "hpcs_archives":[{"id":"7","object":"\(names[0])","lines":2,"bytes":12},\
            {"id":"8","object":"\(names[1])","lines":1,"bytes":6},{"id":"3","object":"\(names[2])","lines":1,"bytes":6}]
            """
        #expect(answer.text.replacing(#"\/"#, with: "/").contains(archives), "\(answer.text)")
    }

    @Test("a store error is the FAIL's error; objects already stored stay and are listed")
    func failingStore() async throws {
        let store = RecordingStore(failure: { path in
            path.contains("/8/") ? ObjectStoreError(.checksumMismatch, "the store counted another checksum") : nil
        })
        let agent = try await agent(store: store)
        let answer = try await agent.send(ArchiveMessageTests.text(list: Self.two))
        #expect(answer.response == "FAIL" && answer.error == "the store counted another checksum")
        #expect(store.uploads.count == 2)
        #expect(answer.text.contains(#""id":"7""#) && answer.text.contains("haproxy-20231114-221320.log.gz"))
    }

    @Test("archive.endpoints limits the hosts", arguments: [true, false])
    func allowList(isAllowed: Bool) async throws {
        let agent = try await agent(allowed: [isAllowed ? "EXAMPLE.com:443" : "example.org"])
        let answer = try await agent.send(TestAgent.archive())
        #expect(answer.passed == isAllowed)
        #expect(agent.store.uploads.count == (isAllowed ? 1 : 0))
        guard !isAllowed else { return }
        #expect(answer.error == "hpcs_object_store_endpoint example.com is not in this device's archive.endpoints")
        #expect(agent.driver.events == ["apply 80"], "no log was opened")
    }

    @Test("a stopping agent answers FAIL")
    func stopping() async throws {
        let job = TestJob()
        job.cancel()
        let agent = try await agent()
        let answer = try await agent.send(TestAgent.archive(), job: job)
        #expect(answer.error == "the agent is stopping; send the ARCHIVE again" && agent.store.uploads.isEmpty)
    }

    @Test("without a log, nothing is uploaded")
    func noLog() async throws {
        let driver = RecordingDriver(failure: {
            $0 == "open" ? DriverError(.logUnavailable, "there is no log") : nil
        })
        let agent = TestAgent(driver: driver)
        try await agent.update()
        let answer = try await agent.send(TestAgent.archive())
        #expect(answer.error == "there is no log" && agent.store.uploads.isEmpty)
    }

    @Test("an empty log is uploaded as an object")
    func emptyLog() async throws {
        let agent = TestAgent()
        try await agent.update()
        let answer = try await agent.send(TestAgent.archive())
        #expect(answer.passed && answer.text.contains(#""lines":0,"bytes":5"#))
        #expect(agent.store.uploads.map(\.content) == ["empty"])
    }
}
