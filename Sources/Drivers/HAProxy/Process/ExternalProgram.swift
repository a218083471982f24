// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem
import SystemPackage

/// Runs a program that a setting names, with a time limit.
struct ExternalProgram: Sendable {
    /// The output of both streams, and whether the exit code is 0.
    struct Ending: Sendable {
        let isSuccess: Bool
        let output: String
    }

    private let path: FilePath
    private let option: String

    /// - Parameter option: The setting that names the program, for errors.
    init(_ path: FilePath, option: String) {
        self.path = path
        self.option = option
    }

    /// Runs the program and collects the output of both streams, 16 MiB at most.
    ///
    /// - Throws: `DriverError`: `unavailable` if it cannot be run, `timedOut` if it does not end, `rejected` if it
    ///   prints too much, and `cancelled`.
    func run(_ arguments: [String], within timeout: Duration) async throws(DriverError) -> Ending {
        do throws(ChildProcessError) {
            let result = try await ChildProcess.run(ChildProcess.Command(path, arguments), within: timeout)
            return Ending(
                isSuccess: result.status.isSuccess,
                output: String(decoding: result.output, as: UTF8.self)
            )
        } catch {
            switch error.code {
            case .timedOut: throw DriverError(.timedOut, error.description)
            case .cancelled: throw DriverError(.cancelled, error.description)
            case .outputTooLong: throw DriverError(.rejected, "\(error); check \(option)")
            case .programNotFound, .notExecutable: throw DriverError(.unavailable, "\(error); check \(option)")
            case .descriptorsExhausted, .memoryExhausted, .system:
                throw DriverError(.unavailable, error.description)
            }
        }
    }
}
