// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Subprocess
import SystemPackage

/// A program that is run to its end, within a time.
struct Program: Sendable {
    /// What became of it.
    struct Ending: Sendable {
        let isSuccess: Bool
        let output: String
    }

    private let executable: Executable
    private let name: String
    private let option: String
    private static let steps = 20

    /// - Parameter option: The operator's option that names the program, for errors.
    init(_ path: FilePath, option: String) {
        executable = path.components.count > 1 ? .path(path) : .name(path.string)
        name = path.string
        self.option = option
    }

    /// Runs the program and collects what it prints on both outputs.
    ///
    /// - Throws: `DriverError`: `unavailable` where it cannot be run, `timedOut` where it does not end.
    func run(_ arguments: [String], within timeout: Duration) async throws(DriverError) -> Ending {
        let result: Result<Ending, DriverError> = await withTaskGroup(of: Result<Ending, DriverError>.self) { group in
            group.addTask { await ending(of: arguments) }
            group.addTask {
                // In small steps: where the agent itself gets no processor for a while, the program is not to blame, and
                // its end is looked at before the time is over.
                for _ in 0..<Self.steps { try? await Task.sleep(for: timeout / Self.steps) }
                return .failure(DriverError(.timedOut, "\(name) did not end within \(timeout.components.seconds) s"))
            }
            // Whichever ends first; the other is cancelled, and a program that is cancelled is killed.
            let first = await group.next()
            group.cancelAll()
            return first ?? .failure(DriverError(.cancelled, "\(name) was not run"))
        }
        return try result.get()
    }

    private func ending(of arguments: [String]) async -> Result<Ending, DriverError> {
        do {
            let result = try await Subprocess.run(
                executable,
                arguments: Arguments(arguments),
                environment: Self.environment,
                platformOptions: Self.options,
                output: .string(limit: 16 << 20),
                error: .combinedWithOutput
            )
            return .success(Ending(isSuccess: result.terminationStatus.isSuccess, output: result.standardOutput))
        } catch let error as SubprocessError where error.code == .outputLimitExceeded {
            return .failure(DriverError(.rejected, "\(name) prints more than it should; is \(option) right?"))
        } catch {
            return .failure(DriverError(.unavailable, "cannot run \(name); is \(option) right? \(error)"))
        }
    }

    private static var options: PlatformOptions {
        var options = PlatformOptions()
        // What the program has started itself may keep its outputs open, and is ended with it.
        options.createSession = true
        options.teardownSequence = [.send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .zero)]
        return options
    }

    /// Nothing of the agent's own: it may hold secrets, and HAProxy keeps what it is given for as long as it runs.
    static let environment = Environment.custom(["PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
    )
}
