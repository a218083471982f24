// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SteelyardCore

/// The device's last requested state, stored in one file that is replaced atomically.
struct DeviceState {
    enum Phase: String {
        case notConfigured, serving, suspended, deleted
    }

    private(set) var phase = Phase.notConfigured
    private(set) var set: LoadBalancerSet?
    private let file: URL

    /// Reads the state of an earlier process.
    init(file: URL) throws(DriverError) {
        self.file = file
        guard FileManager.default.fileExists(atPath: file.path) else { return }
        guard let text = try? String(contentsOf: file, encoding: .utf8),
            let end = text.firstIndex(of: "\n"), let phase = Phase(rawValue: String(text[..<end]))
        else {
            throw DriverError(.stateUnreadable, "\(file.path) is not a state file of this driver; remove it")
        }
        self.phase = phase
        set = LoadBalancerSet(message: Array(text[end...].utf8))
    }

    /// Stores a new state, on disk first.
    mutating func change(to phase: Phase, _ set: LoadBalancerSet?) throws(DriverError) {
        let content = Array("\(phase.rawValue)\n".utf8) + (set?.message ?? [])
        do {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try Data(content).write(to: file, options: .atomic)
        } catch {
            throw DriverError(
                .stateUnwritable,
                "cannot write \(file.path); is the disk full or the directory not writable?"
            )
        }
        (self.phase, self.set) = (phase, set)
    }
}
