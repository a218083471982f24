// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Subprocess
import SystemPackage

/// A program that a test runs to completion.
package enum Command {
    /// Runs a program.
    ///
    /// - Returns: Its standard output.
    /// - Throws: ``ServerFailure`` with its error output if its exit code is not 0.
    package static func run(_ program: String, _ arguments: [String]) async throws -> [UInt8] {
        let result = try await Subprocess.run(
            .path(FilePath(program)),
            arguments: Arguments(arguments),
            output: .bytes(limit: 256 << 20),
            error: .string(limit: 64 << 10)
        )
        guard result.terminationStatus.isSuccess else {
            throw ServerFailure("\(program) \(result.terminationStatus): \(result.standardError)")
        }
        return result.standardOutput
    }
}
