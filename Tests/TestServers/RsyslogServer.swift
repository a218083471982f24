// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import Foundation
import Glibc

/// A real rsyslogd that receives datagrams on a free port of loopback, queues them, and appends them to a file.
package struct RsyslogServer: Sendable {
    /// `127.0.0.1:PORT`.
    package let address: String
    /// The log file.
    package let log: URL
    private let process: ChildProcess

    /// Starts a server; ``stop()`` must follow.
    ///
    /// - Parameters:
    ///   - folder: The folder of its configuration, queue and log.
    ///   - template: The format of a line, such as `RSYSLOG_TraditionalFileFormat`.
    package static func start(in folder: URL, template: String) async throws -> RsyslogServer {
        guard let program = Requirement.rsyslog.path else { throw ServerFailure("rsyslog is not installed") }
        let port = try FreePort.next()
        let log = folder.appending(path: "haproxy.log")
        let file = folder.appending(path: "rsyslog.conf")
        let work = folder.appending(path: "rsyslog")
        try FileManager.default.createDirectory(at: work, withIntermediateDirectories: false)
        try Data(
            """
            global(workDirectory="\(work.path)" maxMessageSize="64k")
            module(load="imudp")
            main_queue(queue.type="LinkedList")
            input(type="imudp" address="127.0.0.1" port="\(port)")
            action(type="omfile" file="\(log.path)" template="\(template)" queue.type="LinkedList" queue.filename="held")

            """.utf8
        ).write(to: file)
        let arguments = ["-n", "-f", file.path, "-i", folder.appending(path: "rsyslog.pid").path]
        let process = try await ChildProcess.start(program, arguments, in: folder, name: "rsyslog")
        let server = RsyslogServer(address: "127.0.0.1:\(port)", log: log, process: process)
        do {
            try await eventually("rsyslog writes its log") {
                guard process.isRunning else { throw ServerFailure("rsyslog ended: \(process.errorOutput)") }
                let message = ["-n", "127.0.0.1", "-P", "\(port)", "-d", "-t", "test", "ready"]
                _ = try await Command.run("/usr/bin/logger", message)
                return server.text.contains("ready")
            }
        } catch {
            await server.stop()
            throw error
        }
        return server
    }

    /// The content of the log file.
    package var text: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

    /// Pauses the process, so that datagrams are queued until ``release()``.
    package func hold() { process.send(signal: SIGSTOP) }

    /// Continues the process.
    package func release() { process.send(signal: SIGCONT) }

    /// Stops it.
    package func stop() async {
        release()
        await process.stop()
    }
}
