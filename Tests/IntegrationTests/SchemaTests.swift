// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Subprocess
import SystemPackage
import TestServers
import Testing

/// The schemas and the agent agree on which messages are correct.
@Suite struct SchemaTests {
    /// Each message goes through the agent and through the schemas; the limits of each field are tried on both sides.
    @Test(Requirement.gearmand.trait, Requirement.schemaValidator.trait)
    func agreeWithTheAgent() async throws {
        let messages = SchemaCases.updates + SchemaCases.archives + SchemaCases.actions
        let passed = try await verdictsOfTheAgent(messages)
        let valid = try await verdictsOfTheSchemas(messages)
        #expect(passed.count == messages.count && valid.count == messages.count)
        // Both kinds must be there, or the comparison shows nothing.
        #expect(passed.contains(true) && passed.contains(false))
        for (message, (isPassed, isValid)) in zip(messages, zip(passed, valid)) where isPassed != isValid {
            Issue.record("the agent \(isPassed ? "accepts" : "refuses"), the schemas do not agree: \(message)")
        }
    }

    private func verdictsOfTheAgent(_ messages: [String]) async throws -> [Bool] {
        // An ARCHIVE is checked whole, and sends nothing.
        let endpoints = ["STEELYARD_ARCHIVE_ENDPOINTS": "example.com,[2001:db8::1]"]
        return try await withAgent(["--dry-run"], variables: endpoints) { agent in
            let port = try #require(Int(agent.servers[0].split(separator: ":")[1]))
            return try await blocking {
                let client = try RawGearmanClient(port: port)
                return try messages.map { message in
                    let end = client.run(
                        Array(message.utf8),
                        function: AgentUnderTest.function,
                        unique: UUID().uuidString,
                        until: .now + .seconds(60)
                    )
                    guard case .reply(let bytes) = end else { throw ServerFailure("\(end): \(message)") }
                    let reply = try JSONDecoder().decode(Verdict.self, from: Data(bytes))
                    // A store may have more rules for its credentials.
                    if reply.response == "PASS" || reply.code?.hasPrefix("store_") == true { return true }
                    // Anything but the message itself is a fault of the test.
                    guard reply.code == "invalid_field" else { throw ServerFailure("\(reply): \(message)") }
                    return false
                }
            }
        }
    }

    private func verdictsOfTheSchemas(_ messages: [String]) async throws -> [Bool] {
        let script = TestServers.Environment.packageFolder.appending(path: "Tests/TestServers/schemas/validate.py").path
        let result = try await Subprocess.run(
            .path(FilePath(TestServers.Environment.testPython)),
            arguments: [script, "verdicts"],
            input: .fileDescriptor(
                try InputFile.open(Array(messages.joined(separator: "\n").utf8)),
                closeAfterSpawningProcess: true
            ),
            output: .string(limit: 1 << 20),
            error: .string(limit: 1 << 20)
        )
        guard result.terminationStatus.isSuccess else { throw ServerFailure(result.standardError) }
        return result.standardOutput.split(separator: "\n").map { $0 == "true" }
    }

    private struct Verdict: Decodable {
        let response: String
        let code: String?

        enum CodingKeys: String, CodingKey {
            case response = "hpcs_response"
            case code = "hpcs_error_code"
        }
    }
}
