// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SteelyardSystem
import SystemPackage

/// The configuration file: JSON5, which Foundation's own decoder reads, comments and unquoted keys included.
struct ConfigurationFile {
    /// Where it is, where nothing else is said and it exists.
    static let standardPath = "/etc/steelyard/steelyard.json5"

    let path: String
    /// The values by their dotted keys; an object is only there where it is empty.
    let values: [(key: String, value: ConfigurationValue)]

    /// Reads a file.
    ///
    /// - Returns: nil if there is none.
    /// - Throws: `ConfigurationError` if it cannot be read or is not JSON5.
    init?(path: String) throws(ConfigurationError) {
        let bytes: [UInt8]?
        do { bytes = try AtomicFile.read(FilePath(path), atMost: 1 << 20, isOwn: false) } catch {
            throw ConfigurationError(path, "cannot be read: \(error.reason)")
        }
        guard let bytes else { return nil }
        // Foundation's reader of JSON5 ends the program where an unquoted key is not UTF-8.
        guard String(validating: bytes, as: UTF8.self) != nil else { throw ConfigurationError(path, "is not UTF-8") }
        let decoder = JSONDecoder()
        decoder.allowsJSON5 = true
        let root: ConfigurationValue
        do { root = try decoder.decode(ConfigurationValue.self, from: Data(bytes)) } catch {
            throw ConfigurationError(path, "is not JSON5: \(Self.words(error))")
        }
        guard case .object(let members) = root else { throw ConfigurationError(path, "must hold one object") }
        self.path = path
        values = Self.flatten(members, prefix: "")
    }

    private static func flatten(
        _ members: [String: ConfigurationValue],
        prefix: String
    )
        -> [(key: String, value: ConfigurationValue)]
    {
        members.sorted { $0.key < $1.key }.flatMap { name, value in
            guard case .object(let members) = value, !members.isEmpty else {
                return [(key: prefix + name, value: value)]
            }
            return flatten(members, prefix: prefix + name + ".")
        }
    }

    private static func words(_ error: any Error) -> String {
        guard case .dataCorrupted(let context)? = error as? DecodingError else { return "\(error)" }
        return context.underlyingError.map { "\($0)" } ?? context.debugDescription
    }
}

extension ConfigurationValue: Decodable {
    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let truth = try? container.decode(Bool.self) {
            self = .boolean(truth)
        } else if let number = try? container.decode(Int.self) {
            self = .integer(number)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else if let string = try? container.decode(String.self) {
            self = .string(string)
        } else if let list = try? container.decode([ConfigurationValue].self) {
            self = .list(list)
        } else {
            self = .object(try container.decode([String: ConfigurationValue].self))
        }
    }
}
