// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
package import SystemPackage

/// A child process.
///
/// The program inherits only its three standard streams and the descriptor limit that this process was started with: no
/// other descriptor, no environment variable, no blocked or ignored signal. A child that ends after the last reference
/// to this object is released is reaped, too.
package final class ChildProcess: Sendable {
    /// The program to run, and how.
    package struct Command: Sendable {
        /// The path of the program; a name without a slash is looked up in ``searchPath``.
        package var program: FilePath
        /// The arguments, without the program's name.
        package var arguments: [String]
        /// The complete environment of the program.
        package var environment = ["PATH": ChildProcess.searchPath]
        /// nil for the directory of this process.
        package var workingDirectory: FilePath?
        /// Whether the program starts its own session, without this process's terminal.
        package var startsSession = true
        /// Whether the kernel kills the program when the thread that started it ends, and so when this process ends.
        package var endsWithThread = false

        package init(_ program: FilePath, _ arguments: [String]) {
            self.program = program
            self.arguments = arguments
        }
    }

    /// The exit status of a program.
    package enum Status: Hashable, Sendable, CustomStringConvertible {
        /// It exited with this code.
        case exited(Int32)
        /// This signal ended it.
        case signaled(Int32)

        package var isSuccess: Bool { self == .exited(0) }

        package var description: String {
            switch self {
            case .exited(let code): "exit code \(code)"
            case .signaled(let signal): "signal \(signal)"
            }
        }

        init(waitStatus: Int32) {
            let signal = waitStatus & 0x7F
            self = signal == 0 ? .exited((waitStatus >> 8) & 0xFF) : .signaled(signal)
        }
    }

    /// The search path for programs; the agent's own environment is not used.
    package static let searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// The handle of the process.
    package let handle: ProcessHandle
    private let leadsSession: Bool

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - command: The program to run.
    ///   - input: Its standard input; nil for an empty one. Stays open here.
    ///   - output: Its standard output; nil to discard it. Stays open here.
    ///   - error: Its standard error; nil to discard it. Stays open here.
    /// - Throws: `ChildProcessError`.
    package init(
        _ command: Command,
        input: FileDescriptor? = nil,
        output: FileDescriptor? = nil,
        error: FileDescriptor? = nil
    ) throws(ChildProcessError) {
        let name = command.program.string
        let null = Self.aboveStandard(unsafe open("/dev/null", O_RDWR | O_CLOEXEC))
        guard null >= 0 else { throw ChildProcessError(name, errno: errno) }
        defer { close(null) }
        let processID = try Self.spawn(
            command,
            input: input?.rawValue ?? null,
            output: output?.rawValue ?? null,
            error: error?.rawValue ?? null
        )
        guard let handle = ProcessHandle(processID) else {
            // Without a pidfd, waiting for the child could not have a time limit.
            let reason = errno
            Glibc.kill(processID, SIGKILL)
            var status: Int32?
            while status == nil, Glibc.kill(processID, 0) == 0 {
                usleep(1000)
                status = ChildTable.reap(processID)
            }
            throw ChildProcessError(name, errno: reason)
        }
        self.handle = handle
        leadsSession = command.startsSession
    }

    deinit {
        guard ChildTable.reap(handle.processID) == nil, ChildTable.isAwaited(handle.processID) else { return }
        let processID = handle.processID
        _ = handle.whenEnded { _ = ChildTable.reap(processID) }
    }

    /// Sends a signal, unless the program has ended.
    package func send(_ signal: Int32) { handle.send(signal) }

    /// Kills the program, and its process group if it started a session.
    package func kill() {
        if !leadsSession || !ChildTable.killGroup(of: handle.processID) { handle.send(SIGKILL) }
    }

    /// Waits for the program's end, and reaps it.
    ///
    /// - Returns: nil if it is still running, or if its status has already been returned.
    package func waitForEnd(by deadline: Deadline) -> Status? {
        guard handle.waitForEnd(by: deadline) else { return nil }
        return ChildTable.reap(handle.processID).map(Status.init(waitStatus:))
    }

    /// Waits for the program's end, kills the rest of its process group, and reaps it.
    ///
    /// - Returns: nil if it is still running, or if its status has already been returned.
    package func waitForEndOfGroup(by deadline: Deadline) -> Status? {
        guard handle.waitForEnd(by: deadline) else { return nil }
        // Until the program is reaped, its process group ID is not reused.
        if leadsSession { _ = ChildTable.killGroup(of: handle.processID) }
        return ChildTable.reap(handle.processID).map(Status.init(waitStatus:))
    }

    private static func spawn(
        _ command: Command,
        input: Int32,
        output: Int32,
        error: Int32
    ) throws(ChildProcessError) -> pid_t {
        let arguments = CStrings([command.program.string] + command.arguments)
        let environment = CStrings(command.environment.map { "\($0.key)=\($0.value)" }.sorted())
        let path = try locate(command.program)
        var failure: Int32 = 0
        var limit = DescriptorLimit.inherited
        let processID = ChildTable.add {
            let directory = command.workingDirectory?.string
            return unsafe withOptionalPointer(to: &limit) { limit in
                unsafe steelyard_spawn(
                    path,
                    arguments.pointers,
                    environment.pointers,
                    directory,
                    input,
                    output,
                    error,
                    command.startsSession ? 1 : 0,
                    command.endsWithThread ? 1 : 0,
                    limit,
                    &failure
                )
            }
        }
        guard processID > 0 else { throw ChildProcessError(path, errno: failure) }
        return processID
    }

    private static func locate(_ program: FilePath) throws(ChildProcessError) -> String {
        guard program.components.count == 1, !program.isAbsolute else { return program.string }
        for folder in searchPath.split(separator: ":") {
            let path = "\(folder)/\(program)"
            if unsafe access(path, X_OK) == 0 { return path }
        }
        throw ChildProcessError(program.string, errno: ENOENT)
    }

    /// Moves a descriptor out of the range of the standard streams, which the child's would overwrite.
    static func aboveStandard(_ descriptor: Int32) -> Int32 {
        guard 0...2 ~= descriptor else { return descriptor }
        defer { close(descriptor) }
        return steelyard_duplicate_above_standard(descriptor)
    }
}

/// A null-terminated array of C strings, freed on release.
@safe
private final class CStrings {
    let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    init(_ strings: [String]) {
        count = strings.count
        unsafe pointers = .allocate(capacity: strings.count + 1)
        for (index, string) in strings.enumerated() { unsafe (pointers + index).initialize(to: strdup(string)) }
        unsafe (pointers + strings.count).initialize(to: nil)
    }

    deinit {
        for index in 0..<count { unsafe free(pointers[index]) }
        unsafe pointers.deallocate()
    }
}

private func withOptionalPointer<Value, Result>(
    to value: inout Value?,
    _ body: (UnsafePointer<Value>?) -> Result
) -> Result {
    guard var some = value else { return body(nil) }
    return unsafe withUnsafePointer(to: &some) { unsafe body($0) }
}
