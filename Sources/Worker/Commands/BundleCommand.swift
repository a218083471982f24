// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import Glibc
import SteelyardCore
import SteelyardSystem
import SystemPackage

/// `steelyard bundle`.
struct BundleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bundle",
        abstract: "Pack what support needs into a .tar.gz, secrets masked.",
        discussion: """
            Version, effective configuration, status, last changes, state files, the proxy's configuration, limits and \
            memory of the processes, and under systemd the units and the last 1000 lines of the agent's journal. MANIFEST.txt \
            lists what is inside and what was left out. Works without a running agent, too.

            Passwords, tokens and keys are masked. Logs of clients' requests are left out unless --logs is given. The file can \
            be read by its owner only.

            Exits with 0, and with 73 if the file cannot be written.
            """
    )

    @OptionGroup var options: LocalOptions

    @Option(
        help:
            "The file to write, which must not exist. Default: NAME-bundle-HOST-TIME.tar.gz in the working directory.",
        completion: .file()
    )
    var output: String?

    @Flag(help: "Add the end of the proxy's log, which has data of clients.")
    var logs = false

    func run() async throws {
        signal(SIGPIPE, SIG_IGN)
        let (configuration, fault) = try load()
        let now = UTCTimestamp.now
        let name = "\(Program.current.name)-bundle-\(hostName)-\(now.compact)"
        var collector = BundleCollector(configuration, hasLogs: logs, title: "\(name), \(now) UTC")
        let bundle = await collector.collect(fault: fault)
        let archive = bundle.archive(in: name, time: now)
        let path = output ?? name + ".tar.gz"
        let failure = try await DedicatedThread.run(name: "bundle") { () -> BundleFile.Failure? in
            do throws(BundleFile.Failure) {
                try BundleFile.write(archive, to: FilePath(path))
                return nil
            } catch { return error }
        }
        if let failure {
            Program.fail("\(failure)")
            throw ExitCode(EX_CANTCREAT)
        }
        try Program.write(path + "\n")
    }

    /// The configuration; if it has a fault, the defaults with the options, and the fault.
    private func load() throws -> (WorkerConfiguration, String?) {
        let given = options.stateDir.map { [(option: "--state-dir", key: "state_dir", value: $0)] } ?? []
        do throws(ConfigurationError) {
            return (try Program.loader(options: given, file: options.config).load(), nil)
        } catch {
            Program.warn("\(error); the bundle has the defaults instead")
            return (try defaults(), error.description)
        }
    }

    private func defaults() throws -> WorkerConfiguration {
        let given = options.stateDir.map { [SettingReader.Given(origin: "--state-dir", value: .text($0))] } ?? []
        let folder = FileManager.default.currentDirectoryPath
        do throws(SettingError) {
            return try WorkerConfiguration(program: Program.current, folder: folder) { $0 == "state_dir" ? given : [] }
        } catch {
            Program.fail("\(error.origin) \(error.problem)")
            throw ExitCode(78)
        }
    }

    private var hostName: String {
        let name = HostName.current
        return String(name.map { $0.isLetter || $0.isNumber || $0 == "." ? $0 : "-" }.prefix(40))
    }
}
