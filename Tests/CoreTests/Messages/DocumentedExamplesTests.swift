// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Testing

/// The examples of the messages document, unchanged: each request must give its response.
@Suite("The documented examples")
struct DocumentedExamplesTests {
    @Test("each request gives its response", arguments: DocumentedExample.all)
    func example(_ example: DocumentedExample) async throws {
        let agent = TestAgent(
            store: RecordingStore(failure: { _ in
                ObjectStoreError(.refused, "Some error string explaining the failure.")
            }),
            diagnostics: DiagnosticsReport(
                network: true,
                servers: [.init(name: "15.185.1.2", answers: true), .init(name: "15.185.1.3", answers: false)],
                style: .documented
            )
        )
        if example.needsDevice { try await agent.update() }
        let answer = try await agent.send(example.request)
        // Members that the contract adds to the document.
        let added: Set<String> =
            switch example.name {
            case "STATS": ["nodes"]
            case "DISCOVER": ["features"]
            case "ARCHIVE": ["hpcs_archives", "hpcs_error_code"]
            default: []
            }
        #expect(try answer.json.without(added) == PlainJSON(example.response))
        #expect(added.isSubset(of: answer.json.members.keys))
    }
}

/// One example of the messages document.
struct DocumentedExample: CustomTestStringConvertible {
    let name: String
    /// Whether the device of the example is configured.
    var needsDevice = true
    let request: String
    let response: String

    var testDescription: String { name }

    static let all = [update, suspend, enable, delete, diagnostics, discover, archive, stats]
}
