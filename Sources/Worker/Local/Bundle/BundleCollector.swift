// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import Logging
import SteelyardCore
import SteelyardSystem
import SystemPackage

/// Collects what support needs of this device, whether an agent runs or not.
struct BundleCollector {
    private static let programLimit = Duration.seconds(10)
    private static let statusLimit = Duration.seconds(10)
    private static let journalLines = 1000
    private static let stateFileLimit = 1 << 20
    private static let driverFileLimit = 16 << 20
    private static let logTail = 1 << 20

    private let configuration: WorkerConfiguration
    private let hasLogs: Bool
    private let facts: SupportFacts
    private var bundle: SupportBundle

    /// - Parameters:
    ///   - configuration: The effective configuration.
    ///   - hasLogs: Whether the end of the log that an ARCHIVE reads is part of it: it has data of clients.
    ///   - title: The first line of the manifest.
    init(_ configuration: WorkerConfiguration, hasLogs: Bool, title: String) {
        self.configuration = configuration
        self.hasLogs = hasLogs
        facts = configuration.supportFacts(logger: AgentLogger.make(LogOutput(configuration.log)))
        bundle = SupportBundle(title: title)
    }

    /// Collects all of it; what cannot be had is noted in the manifest.
    ///
    /// - Parameter fault: Why the configuration cannot be used; nil if it can.
    mutating func collect(fault: String?) async -> SupportBundle {
        addEnvironment()
        addConfiguration(fault)
        let processes = await addStatus()
        addState()
        addDriverFiles()
        for (name, processID) in processes { addProcess(name, processID) }
        addSystem()
        for program in facts.programs {
            let name = FilePath(program.file).lastComponent?.string ?? "program"
            await addOutput("driver/\(name).txt", program.file, program.arguments)
        }
        await addUnits()
        addLog()
        return bundle
    }

    // MARK: - The agent

    private mutating func addEnvironment() {
        let variables = ProcessInfo.processInfo.environment.filter { $0.key.hasPrefix("STEELYARD_") }
        var lines: [String] = []
        for (name, value) in variables.sorted(by: { $0.key < $1.key }) {
            let kind = SecretName(Array(name.utf8)[...])
            // A key may be the path of a file.
            if kind.isSecret || kind.isKey && !value.hasPrefix("/") { bundle.addSecret(value) }
            // The end of a secret cannot be found in a text: it may have any bytes.
            lines.append("\(name)=\(kind.isSecret || kind.isKey ? SecretMask.replacement : value)\n")
        }
        bundle.add("environment.txt", from: "the environment of this command", lines.joined())
    }

    private mutating func addConfiguration(_ fault: String?) {
        let release = Program.current.release
        bundle.add(
            "version.txt",
            from: "this program",
            "\(Program.current.name) \(release.version) \(release.release)\n"
        )
        if let fault { bundle.add("configuration-fault.txt", from: "the configuration", fault + "\n") }
        bundle.add("config.json", from: "the effective configuration", configuration.json.indented + "\n")
        let origins = configuration.settings.map { "\($0.origin ?? "default")\t\($0.key)\n" }
        bundle.add("config-origins.txt", from: "the effective configuration", origins.joined())
    }

    /// - Returns: The processes of the agent and of its proxy, as far as they run.
    private mutating func addStatus() async -> [(name: String, processID: Int32)] {
        let client = ControlClient(configuration)
        do throws(ControlClient.Failure) {
            let answer = try await client.ask(.status, within: Self.statusLimit)
            bundle.add("status.json", from: "the agent", answer)
            let report = StateFile.decode(StatusReport.self, from: answer)
            if let report { bundle.add("status.txt", from: "the agent", StatusText(report: report).text) }
            return [("agent", report?.agent.processID), ("proxy", report?.proxy?.processID)].compactMap {
                name,
                process in
                process.map { (name, $0) }
            }
        } catch {
            bundle.leaveOut("status.json", error.message)
            let owner = try? FolderLock.owner(of: client.folder)
            return owner.map { [("agent", $0)] } ?? []
        }
    }

    // MARK: - Files

    private mutating func addState() {
        let folder = FilePath(configuration.stateDirectory)
        addFiles(of: folder, to: "state", followsLink: true)
        addFiles(of: folder.appending("archived"), to: "state/archived")
    }

    private mutating func addFiles(of folder: FilePath, to place: String, followsLink: Bool = false) {
        var options: FileDescriptor.OpenOptions = [.directory, .closeOnExec]
        // The agent's user must not lead root to files of other users.
        if !followsLink { options.insert(.noFollow) }
        let descriptor: FileDescriptor
        do { descriptor = try FileDescriptor.open(folder, .readOnly, options: options) } catch {
            if error as? Errno != .noSuchFileOrDirectory {
                bundle.leaveOut(place, "\(FileError("open", folder, error))")
            }
            return
        }
        defer { try? descriptor.close() }
        // Names are resolved in the opened directory, which cannot be replaced by a link meanwhile.
        let opened = FilePath("/proc/self/fd/\(descriptor.rawValue)")
        do throws(FileError) {
            for name in try AtomicFile.names(in: opened).sorted() { addFile(name, of: folder, opened, to: place) }
        } catch { bundle.leaveOut(place, "\(FileError("list", folder, error.reason))") }
    }

    private mutating func addFile(_ name: String, of folder: FilePath, _ opened: FilePath, to place: String) {
        let (path, openedPath, entry) = (folder.appending(name), opened.appending(name), "\(place)/\(name)")
        var information = stat()
        guard unsafe lstat(openedPath.string, &information) == 0, information.st_mode & S_IFMT == S_IFREG,
            information.st_size > 0, !facts.files.contains(path.string)
        else { return }
        let log = facts.log.flatMap { FilePath($0).lastComponent?.string }
        if let log, name.hasPrefix(log) { return }
        // Also logs of earlier settings and of other drivers have data of clients.
        if !hasLogs, name.contains(".log") {
            return bundle.leaveOut(entry, "it may be a log with data of clients; --logs adds it")
        }
        if [".pem", ".key", ".crt", ".p12", ".spare"].contains(where: name.hasSuffix) {
            return bundle.leaveOut(entry, "it may be a key, or has no text")
        }
        do throws(FileError) {
            guard let bytes = try AtomicFile.readOfAnyUser(openedPath, atMost: Self.stateFileLimit) else { return }
            guard !bytes.contains(0), String(validating: bytes, as: UTF8.self) != nil else {
                return bundle.leaveOut(entry, "it is no text")
            }
            bundle.add(entry, from: path.string, bytes, name.contains(".json") ? .log : .configuration)
        } catch { bundle.leaveOut(entry, "\(FileError("read", path, error.reason))") }
    }

    private mutating func addDriverFiles() {
        for file in facts.files {
            let name = "driver/" + (FilePath(file).lastComponent?.string ?? "file")
            do throws(FileError) {
                guard let bytes = try AtomicFile.readOfAnyUser(FilePath(file), atMost: Self.driverFileLimit) else {
                    bundle.leaveOut(name, "\(file) does not exist")
                    continue
                }
                bundle.add(name, from: file, bytes, .configuration)
            } catch { bundle.leaveOut(name, "\(error)") }
        }
    }

    private mutating func addLog() {
        guard let log = facts.log else { return }
        let name = "logs/" + (FilePath(log).lastComponent?.string ?? "log")
        guard hasLogs else { return bundle.leaveOut(name, "it has data of clients; --logs adds its end") }
        do {
            let descriptor = try OwnFile.openOfAnyUser(FilePath(log))
            let tail = try descriptor.closeAfter {
                let size = try descriptor.seek(offset: 0, from: .end)
                let start = max(0, size - Int64(Self.logTail))
                var bytes = [UInt8](repeating: 0, count: Int(size - start))
                let count = try unsafe bytes.withUnsafeMutableBytes {
                    try unsafe descriptor.read(fromAbsoluteOffset: start, into: $0)
                }
                return Array(bytes.prefix(count).drop { $0 == 0 })
            }
            bundle.add(name, from: "\(log), its end", tail)
        } catch { bundle.leaveOut(name, "\(error as? FileError ?? FileError("read", FilePath(log), error))") }
    }

    // MARK: - The system

    private mutating func addProcess(_ name: String, _ processID: Int32) {
        for file in ["status", "limits", "stat", "io", "cgroup"] {
            addFact("process/\(name)-\(file).txt", "/proc/\(processID)/\(file)")
        }
        let command =
            (try? AtomicFile.readStream(FilePath("/proc/\(processID)/cmdline")))?.map { $0 == 0 ? 0x20 : $0 } ?? []
        let descriptors = (try? AtomicFile.names(in: FilePath("/proc/\(processID)/fd")).count).map(String.init) ?? "?"
        let text = "\(String(decoding: command, as: UTF8.self))\nopen descriptors: \(descriptors)\n"
        bundle.add("process/\(name).txt", from: "/proc/\(processID)", text, .configuration)
    }

    private mutating func addSystem() {
        for file in [
            "/proc/version", "/proc/meminfo", "/proc/loadavg", "/proc/uptime", "/proc/net/sockstat",
            "/proc/sys/fs/file-nr", "/proc/pressure/memory", "/etc/os-release",
        ] {
            addFact("system/\(FilePath(file).lastComponent?.string ?? "fact").txt", file)
        }
        let folders =
            [configuration.stateDirectory] + (facts.log.map { [FilePath($0).removingLastComponent().string] } ?? [])
        let lines = folders.map { folder in
            DiskSpace(of: FilePath(folder)).map { "\(folder): \($0.freeBytes) of \($0.totalBytes) bytes free\n" }
                ?? "\(folder): does not exist\n"
        }
        bundle.add("system/disk.txt", from: "the file systems", lines.joined())
    }

    private mutating func addFact(_ name: String, _ file: String) {
        do throws(FileError) { bundle.add(name, from: file, try AtomicFile.readStream(FilePath(file))) } catch {
            bundle.leaveOut(name, "\(error)")
        }
    }

    private mutating func addUnits() async {
        guard unsafe access("/run/systemd/system", F_OK) == 0 else {
            return bundle.leaveOut("systemd", "systemd does not run here")
        }
        let own = ServiceUnits.names(of: Program.current.name)
        for unit in own + facts.units {
            await addOutput(
                "systemd/\(unit)-status.txt",
                "systemctl",
                ["status", "--no-pager", "--full", "--lines=0", unit]
            )
            await addOutput("systemd/\(unit).txt", "systemctl", ["cat", "--no-pager", unit])
        }
        // The journal of a proxy may have data of clients.
        for unit in own + (hasLogs ? facts.units : []) {
            let lines = "--lines=\(Self.journalLines)"
            await addOutput(
                "systemd/\(unit)-journal.txt",
                "journalctl",
                ["--no-pager", "--output=short-iso-precise", lines, "--unit=\(unit)"]
            )
        }
    }

    private mutating func addOutput(_ name: String, _ program: String, _ arguments: [String]) async {
        let command = ([program] + arguments).joined(separator: " ")
        do throws(ChildProcessError) {
            let result = try await ChildProcess.run(.init(FilePath(program), arguments), within: Self.programLimit)
            let isUnit = name.hasSuffix(".service.txt")
            bundle.add(name, from: command, result.output, isUnit ? .configuration : .log)
        } catch { bundle.leaveOut(name, "\(error)") }
    }
}
