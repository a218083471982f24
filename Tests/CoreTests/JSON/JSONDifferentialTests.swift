// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import TestServers
import Testing

/// Compares the parser with Foundation: both accept the same documents and read the same values, except as listed here.
@Suite("JSON against Foundation", .ownThread)
struct JSONDifferentialTests {
    @Test("generated documents are accepted and give the same values", arguments: Seeds.first(4))
    func generated(seed: UInt64) throws {
        var generator = DocumentGenerator(seed: seed)
        for _ in 0..<500 {
            let text = generator.document()
            let own = try JSONDocument(Array(text.utf8))
            let value = try #require(OwnReading(own).value, "\(text)")
            guard try value == PlainJSON(text) else {
                Issue.record("read differently: \(text)")
                return
            }
        }
    }

    @Test("both accept the same corrupted documents", arguments: Seeds.first(8))
    func spoiled(seed: UInt64) throws {
        var generator = DocumentGenerator(seed: seed)
        var counts = (accepted: 0, refused: 0)
        for _ in 0..<1000 {
            let bytes = generator.spoiled(generator.document())
            let own = try? JSONDocument(bytes)
            if own == nil { counts.refused += 1 } else { counts.accepted += 1 }
            if let complaint = try complaint(about: bytes, own) {
                Issue.record("\(complaint): \(String(reflecting: String(decoding: bytes, as: UTF8.self)))")
                return
            }
        }
        // The generator must give enough documents of each kind.
        #expect(counts.accepted > 50 && counts.refused > 50, "\(counts)")
    }

    private func complaint(about bytes: [UInt8], _ own: JSONDocument?) throws -> String? {
        guard let own else {
            // NUL bytes make Foundation guess at UTF-16.
            guard FoundationJudge.accepts(bytes), !bytes.contains(0) else { return nil }
            let strict = FoundationJudge.withoutTrailingCommas(bytes)
            guard strict != bytes, let own = try? JSONDocument(strict) else { return "refused" }
            return try complaint(about: strict, own)
        }
        guard let value = OwnReading(own).value else { return nil }
        guard FoundationJudge.accepts(bytes) else { return "accepted" }
        return try value == PlainJSON(bytes) ? nil : "read differently"
    }
}
