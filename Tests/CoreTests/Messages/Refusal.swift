// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Testing

/// A row of a table of messages that must FAIL.
struct Refusal: CustomTestStringConvertible {
    /// The message; in an UPDATE's tables, the part under test.
    let input: String
    /// The path at the start of the error; for an UPDATE, without the list's name.
    let path: String
    /// The text that the error must contain within its first 128 characters.
    let cause: String

    init(_ input: String, _ path: String, _ cause: String) {
        self.input = input
        self.path = path
        self.cause = cause
    }

    var testDescription: String { "\(input.prefix(120)): \(path) \(cause)" }

    /// Sends a message to a configured agent, and checks all requirements on a FAIL.
    func check(message: String, path: String) async throws {
        let agent = TestAgent()
        try await agent.update(port: 4444)
        let answer = try await agent.send(message)
        #expect(answer.response == "FAIL")
        let error = try #require(answer.error)
        #expect(error.hasPrefix("\(path) "), "\(error)")
        #expect(answer.json.members["hpcs_error_code"] == .string("invalid_field"))
        #expect(answer.json.members["hpcs_error_field"] == .string(path))
        #expect(error.prefix(128).contains(cause), "\(error)")
        #expect(error.utf8.allSatisfy { 0x20...0x7E ~= $0 || $0 >= 0x80 }, "one line: \(error)")
        #expect(
            try answer.json.without(["hpcs_response", "hpcs_error", "hpcs_error_code", "hpcs_error_field"])
                == PlainJSON(message),
            "the request is echoed"
        )
        #expect(agent.driver.events == ["apply 4444"], "nothing has changed")
        #expect(agent.store.uploads.isEmpty)
        #expect(try await agent.update().passed, "the next message works")
    }
}
