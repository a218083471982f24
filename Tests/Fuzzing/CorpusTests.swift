// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers
import Testing

/// Every input of the corpora, including found faults; `scripts/fuzz` generates more.
@Suite(.ownThread) struct CorpusTests {
    private static let folder = Environment.packageFolder.appending(path: "Tests/Fuzzing/Corpus")

    @Test(arguments: FuzzTarget.all)
    func isTaken(_ target: FuzzTarget) throws {
        let inputs = try Self.inputs(target)
        #expect(inputs.count > 5)
        for (name, input) in inputs {
            #expect(throws: Never.self, "\(target)/\(name)") { try target.run(input) }
        }
    }

    @Test(arguments: FuzzTarget.all)
    func isTakenWithoutItsEnd(_ target: FuzzTarget) throws {
        for (name, input) in try Self.inputs(target) {
            for count in stride(from: 0, to: input.count, by: 1 + input.count / 15) {
                #expect(throws: Never.self, "\(target)/\(name), \(count) bytes") {
                    try target.run(Array(input.prefix(count)))
                }
            }
        }
    }

    /// Each target has a corpus, and each corpus has a target.
    @Test func corporaAreThoseOfTheTargets() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
        #expect(names.sorted() == FuzzTarget.all.map(\.name).sorted())
    }

    private static func inputs(_ target: FuzzTarget) throws -> [(name: String, bytes: [UInt8])] {
        let files = try FileManager.default.contentsOfDirectory(
            at: folder.appending(path: target.name),
            includingPropertiesForKeys: nil
        )
        return try files.map { ($0.lastPathComponent, try Array(Data(contentsOf: $0))) }
    }
}
