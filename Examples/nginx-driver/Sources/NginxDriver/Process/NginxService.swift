// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import SteelyardCore

/// Starts nginx, gives it configurations, and ends it. Every call blocks; one at a time.
struct NginxService: Sendable {
    let settings: NginxSettings

    private static let timeout = Duration.seconds(15)

    private var configurationFile: String { settings.file("nginx.conf") }
    private var control: ControlSocket { ControlSocket(path: settings.file("control.sock")) }

    /// Asks nginx for its version and the fingerprint of the configuration that it runs.
    ///
    /// - Returns: nil if nginx does not answer.
    func ask(within milliseconds: Int = 2000) -> ControlSocket.Answer? { control.ask(within: milliseconds) }

    /// Has nginx check a configuration, in a directory that is removed afterwards.
    ///
    /// - Throws: `DriverError` with the code `rejected`, nginx's message, and the field that the line comes from.
    func check(_ set: LoadBalancerSet?) throws(DriverError) {
        let directory = settings.file("check.\(UInt32.random(in: 0...UInt32.max))")
        try makeDirectory(directory + "/temp")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let configuration = try NginxConfiguration(set, settings, in: directory)
        let file = directory + "/nginx.conf"
        try write(configuration, to: file)
        let result = try run(["-t", "-q"], directory, file)
        guard result.code != 0 else { return }
        throw Self.rejection(result.errors, file: file, configuration)
    }

    /// Has nginx serve a configuration: starts it, or reloads it if it runs another one.
    ///
    /// - Throws: `DriverError`; nginx may then run any of the two configurations.
    func serve(_ wanted: NginxConfiguration) throws(DriverError) {
        try write(wanted, to: configurationFile)
        let processes = NginxProcesses(using: settings.directory)
        guard let master = processes.master else {
            try start(wanted, instead: processes)
            return
        }
        guard ask()?.fingerprint != wanted.fingerprint else { return }
        let log = try ReloadLog(settings.file("nginx.log"))
        guard kill(master, SIGHUP) == 0 else { throw DriverError(.notRunning, "nginx ended before it could reload") }
        try log.waitForReload(by: master, replacing: processes.workers, until: .now + Self.timeout)
        try requireRunning(wanted)
    }

    /// Ends the workers that only finish connections, after some time.
    func endRetiringWorkers(after grace: Duration) throws(DriverError) {
        let workers = Array(NginxProcesses(using: settings.directory).retiring)
        guard !Self.haveEnded(workers, by: .now + grace) else { return }
        try end(workers)
    }

    /// Ends nginx and all that is left of it.
    ///
    /// - Throws: `DriverError` with the code `timedOut`.
    func stop() throws(DriverError) {
        try end(NginxProcesses(using: settings.directory).all)
    }

    /// Removes nginx's files, its logs included.
    func removeFiles() throws(DriverError) {
        for name in ["nginx.conf", "nginx.log", "nginx.pid", "control.sock", "error.log", "http.log", "tcp.log", "temp"] {
            let path = settings.file(name)
            do { try FileManager.default.removeItem(atPath: path) } catch {
                guard access(path, F_OK) != 0, errno == ENOENT else {
                    throw DriverError(.stateUnwritable, "\(path) cannot be removed: \(error)")
                }
            }
        }
    }

    /// The master; nil if it does not run.
    var master: pid_t? { NginxProcesses(using: settings.directory).master }

    private func start(_ wanted: NginxConfiguration, instead remains: NginxProcesses) throws(DriverError) {
        // Workers go on without their master, and would keep the ports.
        try end(remains.all)
        unlink(control.path)
        try makeDirectory(settings.file("temp"))
        let result = try run([], settings.directory, configurationFile)
        guard result.code == 0 else { throw Self.rejection(result.errors, file: configurationFile, wanted) }
        try requireRunning(wanted)
    }

    /// The socket has been open since before the start or reload ended, so that the question waits for a worker.
    private func requireRunning(_ wanted: NginxConfiguration) throws(DriverError) {
        guard ask(within: 5000)?.fingerprint == wanted.fingerprint else {
            throw DriverError(.notRunning, "nginx does not run the new configuration; see \(settings.file("nginx.log"))")
        }
    }

    private func run(
        _ options: [String],
        _ directory: String,
        _ file: String
    ) throws(DriverError) -> (code: Int32, errors: String) {
        try Program.run(settings.binary, options + ["-p", directory, "-c", file, "-e", directory + "/nginx.log"])
    }

    private func end(_ processes: [pid_t]) throws(DriverError) {
        for signal in [SIGTERM, SIGKILL] {
            for process in processes { kill(process, signal) }
            if Self.haveEnded(processes, by: .now + .seconds(5)) { return }
        }
        throw DriverError(.timedOut, "nginx did not end after SIGKILL")
    }

    private static func haveEnded(_ processes: [pid_t], by deadline: ContinuousClock.Instant) -> Bool {
        processes.compactMap { ProcessEnd(of: $0) }.allSatisfy { $0.wait(until: deadline) }
    }

    private func write(_ configuration: NginxConfiguration, to file: String) throws(DriverError) {
        do throws(FileError) { try WholeFile.replace(file, with: Array(configuration.file.text.utf8)) } catch {
            throw DriverError(.stateUnwritable, "\(error)")
        }
    }

    private func makeDirectory(_ path: String) throws(DriverError) {
        do { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) } catch {
            throw DriverError(.stateUnwritable, "\(path) cannot be created: \(error)")
        }
    }

    /// Reads `nginx: [emerg] host not found in upstream "a:80" in /…/nginx.conf:23`.
    private static func rejection(_ errors: String, file: String, _ configuration: NginxConfiguration) -> DriverError {
        let lines = errors.split(separator: "\n")
        let line = lines.first { $0.contains("[emerg]") } ?? lines.first ?? "nginx rejects the configuration"
        var message = line.firstRange(of: "] ").map { line[$0.upperBound...] } ?? line
        // Errors of the check begin with `10293#10293: `, those of a start do not.
        if let end = message.firstRange(of: ": "), message[..<end.lowerBound].allSatisfy({ $0.isNumber || $0 == "#" }) {
            message = message[end.upperBound...]
        }
        guard let place = message.firstRange(of: " in \(file):") else { return DriverError(.rejected, "nginx: \(message)") }
        let field = Int(message[place.upperBound...]).flatMap { configuration.file.field(ofLine: $0) }
        return DriverError(.rejected, "is rejected by nginx: \(message[..<place.lowerBound])", field: field)
    }
}
