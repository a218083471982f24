// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem
import SystemPackage

/// A scenario file, which may be changed while the agent runs.
struct ScenarioFile: Sendable {
    private static let greatestSize = 1 << 20

    private let path: String
    private var bytes: [UInt8]?
    private(set) var scenario = Scenario()

    init(path: String) { self.path = path }

    /// Reads the file again if its content has changed.
    ///
    /// - Returns: Whether there is another scenario now.
    /// - Throws: `ScenarioError` for a file that cannot be read, or is not a scenario, with the file's path.
    mutating func refresh() throws(ScenarioError) -> Bool {
        let current = try Self.content(path)
        // The content is compared, because a change may keep a file's size and the second of its time.
        guard current != bytes else { return false }
        scenario = try Self.parse(current, path)
        bytes = current
        return true
    }

    /// Reads a scenario.
    ///
    /// - Throws: `ScenarioError` with the file's path.
    static func read(_ path: String) throws(ScenarioError) -> Scenario { try parse(content(path), path) }

    private static func content(_ path: String) throws(ScenarioError) -> [UInt8] {
        do throws(FileError) {
            guard let bytes = try AtomicFile.read(FilePath(path), atMost: greatestSize, isOwn: false) else {
                throw FileError("read", FilePath(path), Errno.noSuchFileOrDirectory)
            }
            return bytes
        } catch { throw ScenarioError("\(error)") }
    }

    private static func parse(_ bytes: [UInt8], _ path: String) throws(ScenarioError) -> Scenario {
        let value: SettingValue
        do throws(JSON5Error) { value = try JSON5Parser.parse(bytes) } catch {
            throw ScenarioError("\(path): \(error)")
        }
        do throws(ScenarioError) { return try Scenario(value) } catch { throw ScenarioError("\(path): \(error)") }
    }
}
