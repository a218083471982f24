// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
package import SystemPackage

/// A program that this process has started.
///
/// The program inherits nothing but its three standard streams: no other descriptor, no variable, no blocked or ignored
/// signal, and the limit on descriptors that this process was started with. A child that ends after the last reference
/// to this object has gone is reaped, too.
package final class ChildProcess: Sendable {
    /// What to run.
    package struct Command: Sendable {
        /// The program's file; a name without a slash is looked up in ``searchPath``.
        package var program: FilePath
        /// The arguments, without the program's name.
        package var arguments: [String]
        /// The whole environment of the program.
        package var environment = ["PATH": ChildProcess.searchPath]
        /// nil for this process's.
        package var workingDirectory: FilePath?
        /// Whether the program leads a session of its own, away from this process's terminal.
        package var startsSession = true
        /// Whether the kernel kills the program when the thread that has started it ends, and so when this process does.
        package var endsWithThread = false

        package init(_ program: FilePath, _ arguments: [String]) {
            self.program = program
            self.arguments = arguments
        }
    }

    /// How a program has ended.
    package enum Status: Hashable, Sendable, CustomStringConvertible {
        /// By itself, with this code.
        case exited(Int32)
        /// By this signal.
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

    /// Where programs are looked for; the agent's own environment has no part in it.
    package static let searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// The process.
    package let handle: ProcessHandle
    private let leadsSession: Bool

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - command: What to run.
    ///   - input: For its standard input; nil for an empty one. Stays open here.
    ///   - output: For its standard output; nil to discard that. Stays open here.
    ///   - error: For its standard error; nil to discard that. Stays open here.
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
            // Without a descriptor for it, the child cannot be waited for with a limit.
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

    /// Kills the program, with all in its session's first group where it leads one.
    package func kill() {
        if !leadsSession || !ChildTable.killGroup(of: handle.processID) { handle.send(SIGKILL) }
    }

    /// Waits for the program's end, and reaps it.
    ///
    /// - Returns: nil where it runs still, or where its end was returned before.
    package func waitForEnd(by deadline: Deadline) -> Status? {
        guard handle.waitForEnd(by: deadline) else { return nil }
        return ChildTable.reap(handle.processID).map(Status.init(waitStatus:))
    }

    /// Waits for the program's end, kills what is left of its process group, and reaps it.
    ///
    /// - Returns: nil where it runs still, or where its end was returned before.
    package func waitForEndOfGroup(by deadline: Deadline) -> Status? {
        guard handle.waitForEnd(by: deadline) else { return nil }
        // Until the program is reaped, its number is no other group's.
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

    /// Moves a descriptor away from the standard streams, which the child's would overwrite.
    static func aboveStandard(_ descriptor: Int32) -> Int32 {
        guard 0...2 ~= descriptor else { return descriptor }
        defer { close(descriptor) }
        return steelyard_duplicate_above_standard(descriptor)
    }
}

/// Strings for C, with the null pointer at the end, freed with this.
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
