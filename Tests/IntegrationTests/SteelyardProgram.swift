// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Subprocess
import SystemPackage
import TestServers

/// The program under test.
enum SteelyardProgram {
    /// The result of a finished command.
    struct Finished: Sendable {
        let code: Int
        let output: String
        let error: String

        /// The reply as JSON.
        func reply() throws -> [String: Any] {
            guard let object = try? JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any] else {
                throw ServerFailure("exit code \(code), no JSON object: \(output) \(error)")
            }
            return object
        }
    }

    static var path: String { Environment.buildFolder.appending(path: "steelyard").path }

    /// Runs a command to completion.
    ///
    /// - Parameter input: The standard input.
    static func run(
        _ arguments: [String],
        input: [UInt8] = [],
        variables: [String: String] = [:],
        in folder: URL? = nil
    )
        async throws -> Finished
    {
        let changes = variables.map { (Subprocess.Environment.Key(stringLiteral: $0.key), Optional($0.value)) }
        let result = try await Subprocess.run(
            .path(FilePath(path)),
            arguments: Arguments(arguments),
            environment: .inherit.updating(Dictionary(uniqueKeysWithValues: changes)),
            workingDirectory: folder.map { FilePath($0.path) },
            input: .fileDescriptor(try InputFile.open(input), closeAfterSpawningProcess: true),
            output: .string(limit: 64 << 20),
            error: .string(limit: 1 << 20)
        )
        let code =
            switch result.terminationStatus {
            case .exited(let code): Int(code)
            case .signaled(let signal): 128 + Int(signal)
            }
        // Both codes of a reply; a job in the background has none.
        if arguments.first == "send", 0...1 ~= code, !arguments.contains("--background"), !result.standardOutput.isEmpty
        {
            ReplyRecorder.record(result.standardOutput.utf8)
        }
        return Finished(code: code, output: result.standardOutput, error: result.standardError)
    }
}
