// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import Testing

/// The codes of a FAIL.
@Suite struct FailureCodeTests {
    @Test func areDocumented() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..").standardized
        let article = try String(
            contentsOf: folder.appending(path: "Sources/Core/Core.docc/Errors.md"),
            encoding: .utf8
        )
        let table = article.split(separator: "| `hpcs_error_code` |", maxSplits: 1).last ?? ""
        let rows = table.split(separator: "\n").filter { $0.hasPrefix("| `") }.map(String.init)
        let expected = FailureCode.allCases.map { "| `\($0.rawValue)` | \($0.meaning) |" }
        #expect(rows == expected)
    }

    @Test func areInTheSchemas() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..").standardized
        let file = try Data(contentsOf: folder.appending(path: "Schemas/definitions.json"))
        let schemas = try JSONDecoder().decode(Schemas.self, from: file)
        #expect(schemas.definitions.errorCode.examples == FailureCode.allCases.map(\.rawValue))
    }

    private struct Schemas: Decodable {
        struct Definitions: Decodable {
            let errorCode: Examples

            enum CodingKeys: String, CodingKey { case errorCode = "error_code" }
        }

        struct Examples: Decodable { let examples: [String] }

        let definitions: Definitions

        enum CodingKeys: String, CodingKey { case definitions = "$defs" }
    }

    @Test func areWords() {
        #expect(FailureCode.allCases.allSatisfy { $0.rawValue.wholeMatch(of: /[a-z]+(_[a-z]+)*/) != nil })
    }

    /// A control plane must be able to distinguish any two errors of a driver.
    @Test func tellDriverErrorsApart() {
        let codes: [DriverError.Code] = [
            .notConfigured, .deleted, .notRunning, .rejected, .addressInUse, .unsupported, .timedOut, .unavailable,
            .stateUnreadable, .stateUnwritable, .logUnavailable, .cancelled,
        ]
        #expect(Set(codes.map { FailureCode($0) }).count == codes.count)
    }

    @Test func tellStoreErrorsApart() {
        let codes: [ObjectStoreError.Code] = [
            .unauthorized, .forbidden, .notFound, .alreadyExists, .tooLarge, .checksumMismatch, .refused, .unavailable,
            .untrusted, .timedOut, .sourceFailed, .unsupported, .cancelled,
        ]
        #expect(Set(codes.map { FailureCode($0) }).count == codes.count)
    }
}
