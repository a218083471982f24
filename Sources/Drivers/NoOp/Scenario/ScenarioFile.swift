// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
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
        // Foundation's reader of JSON5 ends the program if an unquoted key is not UTF-8.
        guard String(validating: bytes, as: UTF8.self) != nil else { throw ScenarioError("\(path) is not UTF-8") }
        let decoder = JSONDecoder()
        decoder.allowsJSON5 = true
        let value: SettingValue
        do { value = try decoder.decode(ScenarioValue.self, from: Data(bytes)).value } catch {
            throw ScenarioError("\(path) is not JSON5: \(reason(error))")
        }
        do throws(ScenarioError) { return try Scenario(value) } catch { throw ScenarioError("\(path): \(error)") }
    }

    private static func reason(_ error: any Error) -> String {
        guard case .dataCorrupted(let context)? = error as? DecodingError else { return "a value cannot be read" }
        return context.underlyingError.map { "\($0)" } ?? context.debugDescription
    }
}

/// Decodes a value of any type.
private struct ScenarioValue: Decodable {
    let value: SettingValue

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            value = .null
        } else if let truth = try? container.decode(Bool.self) {
            value = .boolean(truth)
        } else if let number = try? container.decode(Int.self) {
            value = .integer(number)
        } else if let number = try? container.decode(Double.self) {
            value = .number(number)
        } else if let string = try? container.decode(String.self) {
            value = .string(string)
        } else if let list = try? container.decode([ScenarioValue].self) {
            value = .list(list.map(\.value))
        } else {
            value = .object(try container.decode([String: ScenarioValue].self).mapValues(\.value))
        }
    }
}
