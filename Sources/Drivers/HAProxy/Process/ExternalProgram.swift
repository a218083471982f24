// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem
import SystemPackage

/// A program that the operator has named in an option, run to its end within a time limit.
struct ExternalProgram: Sendable {
    /// What it has printed on both outputs, and whether its exit code is 0.
    struct Ending: Sendable {
        let isSuccess: Bool
        let output: String
    }

    private let path: FilePath
    private let option: String

    /// - Parameter option: The option that names the program, for errors.
    init(_ path: FilePath, option: String) {
        self.path = path
        self.option = option
    }

    /// Runs the program and collects what it prints on both outputs, 16 MiB at most.
    ///
    /// - Throws: `DriverError`: `unavailable` where it cannot be run, `timedOut` where it does not end, `rejected` where
    ///   it prints too much, and `cancelled`.
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
            case .outputTooLong: throw DriverError(.rejected, "\(error); is \(option) right?")
            case .programNotFound, .notExecutable: throw DriverError(.unavailable, "\(error); is \(option) right?")
            case .descriptorsExhausted, .memoryExhausted, .system:
                throw DriverError(.unavailable, error.description)
            }
        }
    }
}
