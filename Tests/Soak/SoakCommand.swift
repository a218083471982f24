// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Dispatch
import FaultSuite
import Foundation
import Synchronization

/// The long form of the fault suite.
@main struct SoakCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "steelyard-soak",
        abstract: "Runs the agent under random faults, and compares the results with its clients' records."
    )

    @Option(help: "The duration of the faults, in minutes.")
    var minutes = 30.0

    @Option(help: "The seed of the faults: the same seed injects the same ones. Random by default.")
    var seed: UInt64?

    @Option(help: "The average number of faults per second.")
    var rate = 1.0

    @Option(help: "The duration of the faults in a round, before the comparison, in seconds.")
    var round = 60.0

    @Option(help: "The faults to inject: transport, agent or device. By default, all in turn.")
    var profile: String?

    @Option(help: "The program under test.")
    var steelyard = FaultSuiteSettings.builtProgram

    @Option(help: "The file for the report, in JSON.")
    var report = "soak-report.json"

    func validate() throws {
        guard minutes > 0 else { throw ValidationError("--minutes must be more than 0.") }
        guard round > 0 else { throw ValidationError("--round must be more than 0.") }
        guard rate > 0 else { throw ValidationError("--rate must be more than 0.") }
        if let profile, FaultProfile(rawValue: profile) == nil {
            throw ValidationError("--profile must be transport, agent or device, not \(profile).")
        }
    }

    func run() async throws {
        let isInterrupted = Flag()
        let sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { isInterrupted.raise() }
            source.activate()
            return source
        }
        defer { for source in sources { source.cancel() } }
        let profiles = profile.flatMap(FaultProfile.init).map { [$0] } ?? FaultProfile.allCases
        let count = max(1, Int((minutes * 60 / round).rounded(.up)))
        let rounds = (0..<count).map { number in
            let seconds = min(round, minutes * 60 - Double(number) * round)
            return FaultSuiteSettings.Round(profiles[number % profiles.count], seconds: seconds)
        }
        // A short path, because HAProxy's sockets are in the folder.
        let name = "sy-soak-" + String(UInt32.random(in: 0...UInt32.max), radix: 36)
        let folder = URL(fileURLWithPath: "/tmp").appending(path: name)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let settings = FaultSuiteSettings(
            seed: seed ?? .random(in: 0...UInt64(UInt32.max)),
            rounds: rounds,
            rate: rate,
            program: steelyard,
            folder: folder,
            output: { Self.write($0) },
            isInterrupted: { isInterrupted.isRaised }
        )
        var result = try await FaultSuite.run(settings)
        if result.hasPassed {
            try FileManager.default.removeItem(at: folder)
            result.folder = nil
        }
        try result.json().write(to: URL(fileURLWithPath: report))
        Self.write("\n\(result.text)\nthe report is in \(report)")
        guard result.hasPassed else { throw ExitCode.failure }
    }

    /// Writes without buffering, for users who watch the run.
    private static func write(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
}

/// A flag that is set once.
private final class Flag: Sendable {
    private let value = Atomic(false)

    var isRaised: Bool { value.load(ordering: .acquiring) }

    func raise() { value.store(true, ordering: .releasing) }
}
