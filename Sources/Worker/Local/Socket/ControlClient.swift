// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardSystem
import SystemPackage

/// Asks the agent that has a state directory, for a command on the same device.
struct ControlClient: Sendable {
    /// Why there is no answer, and what to do.
    enum Failure: Error, Hashable, Sendable {
        /// No agent runs.
        case notRunning(String)
        /// The agent answers other users only.
        case denied(String)
        /// The agent does not answer.
        case noAnswer(String)

        var message: String {
            switch self {
            case .notRunning(let message), .denied(let message), .noAnswer(let message): message
            }
        }

        /// The command's exit code, of sysexits.h.
        var code: Int32 {
            switch self {
            case .notRunning, .noAnswer: EX_UNAVAILABLE
            case .denied: EX_NOPERM
            }
        }
    }

    /// A status may be as large as 10,000 nodes are.
    private static let answerLimit = 1 << 30

    let folder: FilePath

    init(_ configuration: WorkerConfiguration) { self.init(folder: FilePath(configuration.stateDirectory)) }

    init(folder: FilePath) { self.folder = folder }

    /// Sends a request, and waits for the answer on a thread of its own.
    ///
    /// - Throws: `Failure`.
    func ask(_ request: ControlRequest, within limit: Duration) async throws(Failure) -> [UInt8] {
        let answer: Result<[UInt8], Failure>
        do throws(ThreadError) {
            answer = try await DedicatedThread.run(name: "control") {
                Result { () throws(Failure) in try askNow(request, within: limit) }
            }
        } catch { throw .noAnswer("\(error)") }
        return try answer.get()
    }

    private func askNow(_ request: ControlRequest, within limit: Duration) throws(Failure) -> [UInt8] {
        let socket: LocalSocket
        let path = folder.appending(ControlRequest.socketName)
        do throws(Errno) { socket = try LocalSocket(path) } catch { throw failure(error) }
        let reading: LocalSocket.Reading
        do throws(Errno) {
            do throws(Errno) {
                _ = try socket.write(request.bytes, within: limit)
            } catch Errno.brokenPipe, Errno.connectionReset {
                // The agent has refused the request before it was sent in full; the answer says why.
            }
            socket.endOutput()
            reading = try socket.readToEnd(atMost: Self.answerLimit, by: .after(limit))
        } catch { throw .noAnswer("the connection to the agent at \(path) broke: \(error)") }
        let process = socket.peer.map { "process \($0.processID)" } ?? path.string
        switch reading {
        case .whole(let bytes) where !bytes.isEmpty: return bytes
        case .whole:
            throw .noAnswer(
                "the agent (\(process)) has refused the connection: it is stopping, or serves too many commands"
            )
        case .timedOut:
            throw .noAnswer("the agent (\(process)) did not answer within \(limit.components.seconds) s")
        case .tooLarge: throw .noAnswer("the agent (\(process)) sent too long an answer")
        }
    }

    private func failure(_ error: Errno) -> Failure {
        switch error {
        case .permissionDenied, .notPermitted:
            return .denied(
                "no permission to use \(folder.appending(ControlRequest.socketName)): run the command as root or as the agent's user"
            )
        case .noSuchFileOrDirectory, .connectionRefused, .notDirectory:
            if let process = try? FolderLock.owner(of: folder) {
                return .noAnswer("the agent (process \(process)) has no control socket in \(folder); see its log")
            }
            let units = ServiceUnits.names(of: Program.current.name).joined(separator: " or ")
            return .notRunning(
                "no agent runs with the state directory \(folder): start it (systemctl start \(units)), "
                    + "or name its directory with --state-dir"
            )
        default: return .noAnswer("cannot connect to the agent in \(folder): \(error)")
        }
    }
}
