// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Dispatch
import FaultSuite
import Foundation
import Synchronization

/// The fault suite in its long form.
@main struct SoakCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "steelyard-soak",
        abstract: "Runs the agent under faults that come at random, and compares all with what its clients have seen."
    )

    @Option(help: "How many minutes faults are injected.")
    var minutes = 30.0

    @Option(help: "What the faults are made of: the same seed injects the same ones. A random one by default.")
    var seed: UInt64?

    @Option(help: "How many faults are injected in a second, on average.")
    var rate = 1.0

    @Option(help: "How many seconds faults are injected in a round, before all is compared.")
    var round = 60.0

    @Option(help: "The only faults to inject: transport, agent or device. All in turn by default.")
    var profile: String?

    @Option(help: "The program under test.")
    var steelyard = FaultSuiteSettings.builtProgram

    @Option(help: "The file that the report is written to, as JSON.")
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
        // A short path: HAProxy's sockets are in the folder.
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

    /// At once: a run is watched while it lasts.
    private static func write(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
}

/// Something that has happened or not.
private final class Flag: Sendable {
    private let value = Atomic(false)

    var isRaised: Bool { value.load(ordering: .acquiring) }

    func raise() { value.store(true, ordering: .releasing) }
}
