// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import TestServers
import Testing

@testable import SteelyardCore

/// Any value in a message is either harmless, or rejected with its name without any change.
@Suite("Hostile messages", .ownThread)
struct HostileMessageTests {
    @Test("thousands of messages are rejected or harmless", arguments: Seeds.first(8))
    func property(seed: UInt64) async throws {
        var generator = HostileValues(seed: seed)
        let agent = TestAgent()
        try await agent.update(port: 4444)
        var counts = (passed: 0, refused: 0)
        for _ in 0..<300 {
            let text = generator.message()
            let before = agent.driver.events.count
            let uploads = agent.store.uploads.count
            let answer = try await agent.send(text)
            if answer.passed {
                counts.passed += 1
                try expectHarmless(text)
            } else {
                counts.refused += 1
                #expect(agent.driver.events.count == before, "the driver was not called")
                #expect(agent.store.uploads.count == uploads)
                try expectGoodError(try #require(answer.error), of: text)
                guard try await agent.update(port: 4444).passed else {
                    Issue.record("the next message did not work after \(text)")
                    return
                }
            }
        }
        #expect(counts.passed > 20 && counts.refused > 20, "\(counts)")
        for line in agent.log.lines { expectVisible(line) }
    }

    /// The only character beyond ASCII in an error is the ellipsis, which marks a truncated value.
    private func expectPrintable(_ error: String) {
        let isPrintable = error.unicodeScalars.allSatisfy { 0x20...0x7E ~= $0.value || $0 == "…" }
        #expect(isPrintable, "\(String(reflecting: error))")
    }

    /// A log line may contain a name in any language, but no character that ends the line or changes its direction.
    private func expectVisible(_ line: String) {
        let hidden: Set<Unicode.GeneralCategory> = [.control, .format, .lineSeparator, .paragraphSeparator]
        let isVisible = line.unicodeScalars.allSatisfy { !hidden.contains($0.properties.generalCategory) }
        #expect(isVisible, "\(String(reflecting: line))")
    }

    private func expectGoodError(_ error: String, of text: String) throws {
        expectPrintable(error)
        #expect(!error.contains("T0KEN"))
        let path = String(error.prefix { $0 != " " })
        #expect(path.utf8.count < 100 && error.utf8.count > path.utf8.count)
        guard let reading = try? PlainJSON(text) else { return }
        // All steps but the last must exist; only the last one may be missing.
        var steps = path.replacing("[", with: ".[").split(separator: ".")
        let end = steps.popLast()
        let last = try #require(end)
        var place: PlainJSON? = reading
        for step in steps { place = Self.step(step, in: place) }
        #expect(place != nil, "\(error) names no path in \(text)")
        let isMissing = error.contains("is missing") || error.contains("the same as nodes[")
        #expect(Self.step(last, in: place) != nil || isMissing, "\(error) names no field of \(text)")
    }

    private static func step(_ step: Substring, in place: PlainJSON?) -> PlainJSON? {
        guard step.hasPrefix("["), let index = Int(step.dropFirst().dropLast()) else { return place?[String(step)] }
        return place?[index]
    }

    private func expectHarmless(_ text: String) throws {
        switch try Message(JSONDocument(Array(text.utf8)), stores: [.swift]).action {
        case .update(let wanted):
            #expect((1...2).contains(wanted.loadBalancers.count))
            for loadBalancer in wanted.loadBalancers { expectHarmless(loadBalancer) }
        case .archive(let request):
            for item in request.items { expectHarmless(item.id) }
            let place = request.basePath.description
            #expect(
                !place.utf8.contains { $0 < 0x20 || $0 == 0x7F } && !place.contains("..") && place.utf8.count <= 256
            )
            #expect(!request.basePath.container.utf8.contains(UInt8(ascii: "/")) && !request.basePath.container.isEmpty)
            #expect(request.endpoint.description.wholeMatch(of: /https?:\/\/[!-~]+/) != nil)
            #expect(request.credentials["hpcs_object_store_token"]?.secret.wholeMatch(of: /[!-~]{1,8192}/) != nil)
        default: break
        }
    }

    private func expectHarmless(_ loadBalancer: LoadBalancer) {
        if let id = loadBalancer.id { expectHarmless(id) }
        if let address = loadBalancer.address {
            #expect(address.description.wholeMatch(of: /[0-9a-f.:]{2,45}/) != nil, "\(address)")
        }
        #expect(loadBalancer.port.number > 0)
        #expect(Set(loadBalancer.nodes.map(\.id)).count == loadBalancer.nodes.count)
        let monitor = loadBalancer.monitor
        #expect((1...86_400).contains(monitor.delay) && (1...monitor.delay).contains(monitor.timeout))
        #expect((1...1000).contains(monitor.attempts))
        let path = monitor.path.description
        #expect(path.wholeMatch(of: /\/[-A-Za-z0-9._~!&()*+,;=:@%\/?]{0,254}/) != nil, "\(path)")
        let options = loadBalancer.options
        #expect(min(options.clientTimeout, options.serverTimeout, options.connectTimeout) >= 0)
        #expect((0...1000).contains(options.connectRetries))
        for node in loadBalancer.nodes {
            expectHarmless(node.id)
            #expect(node.address.description.wholeMatch(of: /[-A-Za-z0-9._:]{1,253}/) != nil, "\(node.address)")
            #expect(node.port.number > 0 && (0...256).contains(node.weight))
        }
    }

    private func expectHarmless(_ id: Identifier) {
        #expect(id.description.wholeMatch(of: /[A-Za-z0-9._-]{1,64}/) != nil, "\(id)")
        #expect(id.description != "." && id.description != "..")
    }
}
