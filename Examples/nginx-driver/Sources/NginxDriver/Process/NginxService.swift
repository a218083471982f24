// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import SteelyardCore

/// Starts, configures and ends nginx.
///
/// Every call blocks; changes run one at a time.
struct NginxService: Sendable {
    let settings: NginxSettings
    let directory: NginxDirectory

    private static let timeout = Duration.seconds(15)

    private var control: ControlSocket { ControlSocket(path: directory.file("control.sock")) }

    /// Gets nginx's version and the fingerprint of its running configuration.
    ///
    /// - Returns: nil if nginx does not answer.
    func ask(within milliseconds: Int = 2000) -> ControlSocket.Answer? { control.ask(within: milliseconds) }

    /// Makes nginx check a configuration in a temporary directory.
    ///
    /// - Throws: `DriverError` with the code `rejected`, nginx's message, and the field that the line belongs to.
    func check(_ set: LoadBalancerSet?) throws(DriverError) {
        try NginxDirectory.withTemporary { directory throws(DriverError) in
            let configuration = try NginxConfiguration(set, settings, in: directory)
            try write(configuration, in: directory)
            try run(configuration, in: directory, options: ["-t", "-q"])
        }
    }

    /// Makes nginx serve a configuration: starts it, or reloads it if it runs another one.
    ///
    /// - Returns: Whether it was started.
    /// - Throws: `DriverError`; nginx may then run either configuration.
    func serve(_ wanted: NginxConfiguration) throws(DriverError) -> Bool {
        try write(wanted, in: directory)
        let processes = NginxProcesses(using: directory)
        guard let master = processes.master else {
            try start(wanted, instead: processes)
            return true
        }
        guard ask()?.fingerprint != wanted.fingerprint else { return false }
        let log = try ReloadLog(directory.file("nginx.log"))
        guard kill(master, SIGHUP) == 0 else { throw DriverError(.notRunning, "nginx ended before it could reload") }
        try log.waitForReload(by: master, replacing: processes.workers, until: .now + Self.timeout)
        try requireRunning(wanted)
        return false
    }

    /// Ends nginx and all its remaining processes.
    ///
    /// - Throws: `DriverError` with the code `timedOut`.
    func stop() throws(DriverError) {
        try end(Self.handles(NginxProcesses(using: directory).all))
    }

    /// Removes nginx's files, including logs and rotated logs.
    ///
    /// - Parameter kept: The name of the only file to keep.
    /// - Throws: `DriverError` with the code `stateUnwritable`.
    func removeFiles(except kept: String) throws(DriverError) {
        do {
            for name in try FileManager.default.contentsOfDirectory(atPath: directory.path) where name != kept {
                try FileManager.default.removeItem(atPath: directory.file(name))
            }
        } catch {
            throw DriverError(.stateUnwritable, "the files in \(directory.path) cannot be removed: \(error)")
        }
    }

    /// The master; nil if it is not running.
    var master: ProcessHandle? { NginxProcesses(using: directory).master.flatMap { ProcessHandle(of: $0) } }
    /// The workers that accept connections.
    var workers: [ProcessHandle] { Self.handles(NginxProcesses(using: directory).workers) }
    /// The workers that only finish their connections.
    var retiringWorkers: [ProcessHandle] { Self.handles(NginxProcesses(using: directory).retiring) }

    /// Kills processes that do not end within some time.
    ///
    /// - Throws: `DriverError` with the code `timedOut`.
    func end(_ processes: [ProcessHandle], after grace: Duration = .zero) throws(DriverError) {
        guard !Self.haveEnded(processes, by: .now + grace) else { return }
        for signal in [SIGTERM, SIGKILL] {
            for process in processes { process.send(signal) }
            if Self.haveEnded(processes, by: .now + .seconds(5)) { return }
        }
        throw DriverError(.timedOut, "nginx did not end after SIGKILL")
    }

    private static func handles(_ processes: some Sequence<pid_t>) -> [ProcessHandle] {
        processes.compactMap { ProcessHandle(of: $0) }
    }

    private static func haveEnded(_ processes: [ProcessHandle], by deadline: ContinuousClock.Instant) -> Bool {
        processes.allSatisfy { $0.wait(until: deadline) }
    }

    private func start(_ wanted: NginxConfiguration, instead remains: NginxProcesses) throws(DriverError) {
        // Workers continue without their master, and would keep the ports.
        try end(Self.handles(remains.all))
        unlink(control.path)
        try directory.make()
        try run(wanted, in: directory)
        try requireRunning(wanted)
    }

    /// The socket was opened before the start or reload ended, so the request waits for a worker.
    private func requireRunning(_ wanted: NginxConfiguration) throws(DriverError) {
        guard ask(within: 5000)?.fingerprint == wanted.fingerprint else {
            let log = directory.file("nginx.log")
            throw DriverError(.notRunning, "nginx is not running the new configuration; see \(log)")
        }
    }

    private func run(
        _ configuration: NginxConfiguration,
        in directory: NginxDirectory,
        options: [String] = []
    ) throws(DriverError) {
        let file = directory.file("nginx.conf")
        let arguments = options + ["-p", directory.path, "-c", file, "-e", directory.file("nginx.log")]
        let result = try Program.run(settings.binary, arguments)
        guard result.code == 0 else { throw Self.rejection(result.errors, file: file, configuration) }
    }

    private func write(_ configuration: NginxConfiguration, in directory: NginxDirectory) throws(DriverError) {
        do throws(FileError) {
            try WholeFile.replace(directory.file("nginx.conf"), with: Array(configuration.file.text.utf8))
        } catch {
            throw DriverError(.stateUnwritable, "\(error)")
        }
    }

    /// Reads `nginx: [emerg] host not found in upstream "a:80" in /…/nginx.conf:23`.
    private static func rejection(_ errors: String, file: String, _ configuration: NginxConfiguration) -> DriverError {
        let lines = errors.split(separator: "\n")
        let line = lines.first { $0.contains("[emerg]") } ?? lines.first ?? "nginx rejects the configuration"
        var message = line.firstRange(of: "] ").map { line[$0.upperBound...] } ?? line
        // Errors of `nginx -t` start with `10293#10293: `, those of a start do not.
        if let end = message.firstRange(of: ": "), message[..<end.lowerBound].allSatisfy({ $0.isNumber || $0 == "#" }) {
            message = message[end.upperBound...]
        }
        guard let place = message.firstRange(of: " in \(file):") else {
            return DriverError(.rejected, "nginx: \(message)")
        }
        let field = Int(message[place.upperBound...]).flatMap { configuration.file.field(ofLine: $0) }
        return DriverError(.rejected, "is rejected by nginx: \(message[..<place.lowerBound])", field: field)
    }
}
