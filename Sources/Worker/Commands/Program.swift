// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import Glibc
import SteelyardCore
import SteelyardSystem
import Synchronization
import SystemPackage

/// The process of an ``AgentProgram``: its command line, its output and its exit.
enum Program {
    private static let running = Mutex<AgentProgram?>(nil)

    /// The running program; set once, before the command is parsed.
    static var current: AgentProgram {
        running.withLock { $0 }
            ?? AgentProgram(name: "agent", summary: "", release: Release(version: "", release: ""), drivers: [])
    }

    /// Runs the program with the process's arguments, and ends the process.
    static func main(_ program: AgentProgram) async -> Never {
        running.withLock { $0 = program }
        if let fault = program.fault {
            fail(fault)
            end(with: EX_SOFTWARE)
        }
        do {
            // A signal that arrives during argument parsing must not kill the agent.
            if CommandLine.arguments.dropFirst().first == WorkerCommand.name {
                try WorkerProcess.prepare()
            } else {
                try ResourceCheck.requireEnough()
            }
        } catch {
            fail(error.description)
            end(with: EX_OSERR)
        }
        StartupMemory.returnLargeBuffers()
        do {
            var command = try await SteelyardCommand.asyncParseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            end(with: error)
        }
        end(with: EXIT_SUCCESS)
    }

    /// Ends the process, with a line on standard error if there is an error message.
    private static func end(with error: any Error) -> Never {
        let code = SteelyardCommand.exitCode(for: error)
        if code.isSuccess {
            // Help and the version.
            do { try write(SteelyardCommand.fullMessage(for: error) + "\n") } catch { end(with: EX_IOERR) }
        } else if !(error is ExitCode) {
            fail(SteelyardCommand.message(for: error))
        }
        end(with: code.rawValue)
    }

    /// Ends the process without the libraries' exit handlers: OpenSSL's frees memory that an ending thread may still
    /// use.
    private static func end(with code: Int32) -> Never {
        fflush(nil)
        _exit(code)
    }

    /// Loads the configuration; ends the command with the code 78 if it is invalid.
    static func load(
        options: [(option: String, key: String, value: String)],
        file: String?
    ) throws -> WorkerConfiguration {
        try ending(78) { try loader(options: options, file: file).load() }
    }

    /// The loader for the configuration, now and on reloads.
    static func loader(options: [(option: String, key: String, value: String)], file: String?) -> ConfigurationLoader {
        var loader = ConfigurationLoader(program: current)
        (loader.options, loader.file) = (options, file)
        loader.environment = ProcessInfo.processInfo.environment
        loader.folder = FileManager.default.currentDirectoryPath
        return loader
    }

    /// Converts an error to one line on standard error and an exit code.
    static func ending<Success>(_ code: Int32, _ body: () throws -> Success) throws -> Success {
        do { return try body() } catch let error as ConfigurationError {
            fail(error.description)
            throw ExitCode(code)
        }
    }

    /// Writes text to standard output.
    ///
    /// - Throws: An exit with the code 74 if it cannot be written, for example on a full disk.
    static func write(_ text: String) throws { try write(Array(text.utf8)) }

    /// Writes bytes to standard output.
    ///
    /// - Throws: An exit with the code 74 if they cannot be written, for example on a full disk.
    static func write(_ bytes: [UInt8]) throws {
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes[written...].withUnsafeBytes { buffer in
                unsafe Glibc.write(STDOUT_FILENO, buffer.baseAddress, buffer.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                fail("cannot write to standard output: \(Errno(rawValue: errno))")
                throw ExitCode(EX_IOERR)
            }
            written += count
        }
    }

    /// Writes one line to standard error.
    static func fail(_ message: String) { writeLine(message) }

    /// Writes a warning to standard error.
    static func warn(_ message: String) { writeLine("warning: \(message)") }

    /// Writes a question to standard error; the answer comes on the same line.
    static func ask(_ question: String) { writeText(question) }

    private static func writeLine(_ message: String) {
        // One line, without escape sequences for the terminal: a file's name or an option may contain them.
        writeText("\(current.name): \(Excerpt.line(message))\n")
    }

    private static func writeText(_ text: String) {
        let line = Array(text.utf8)
        _ = unsafe line.withUnsafeBytes { unsafe Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
