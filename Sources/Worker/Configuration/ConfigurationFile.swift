// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import SteelyardCore
import SteelyardSystem
import SystemPackage

/// The configuration file: JSON5, which Foundation's own decoder reads, comments and unquoted keys included.
struct ConfigurationFile {
    /// Where it is, where nothing else is said and it exists.
    static let standardPath = "/etc/steelyard/steelyard.json5"

    let path: String
    private let members: [String: SettingValue]

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
        let root: SettingValue
        do { root = try decoder.decode(ConfigurationValue.self, from: Data(bytes)).value } catch {
            throw ConfigurationError(path, "is not JSON5: \(Self.reason(error))")
        }
        guard case .object(let members) = root else { throw ConfigurationError(path, "must hold one object") }
        self.path = path
        self.members = members
    }

    /// The value of a dotted key; nil if the file does not have it.
    func value(of key: String) -> SettingValue? { Self.value(of: key[...], in: members) }

    /// Checks that every key is known, and stands where it is read.
    ///
    /// - Throws: `SettingError` for the first key in alphabetical order that is not.
    func requireKnown(_ keys: [String]) throws(SettingError) {
        try requireKnown(Set(keys), in: members, prefix: "")
    }

    private func requireKnown(
        _ keys: Set<String>,
        in members: [String: SettingValue],
        prefix: String
    ) throws(SettingError) {
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
            let key = prefix + name
            let origin = "\(path): \(Excerpt.line(key))"
            guard !name.contains(".") else {
                throw SettingError(origin, "has a dot in a name; write the groups as objects: {log: {level: \"info\"}}")
            }
            if keys.contains(key) { continue }
            // A group as null or as a string is a wrong value and not an unknown key.
            guard keys.contains(where: { $0.hasPrefix(key + ".") }) else {
                throw SettingError(origin, "is not a key of the configuration")
            }
            guard case .object(let inner) = value else { throw SettingError(origin, "must be an object") }
            try requireKnown(keys, in: inner, prefix: key + ".")
        }
    }

    private static func value(of key: Substring, in members: [String: SettingValue]) -> SettingValue? {
        guard let dot = key.firstIndex(of: ".") else { return members[String(key)] }
        guard case .object(let inner)? = members[String(key[..<dot])] else { return nil }
        return value(of: key[key.index(after: dot)...], in: inner)
    }

    private static func reason(_ error: any Error) -> String {
        switch error as? DecodingError {
        case .dataCorrupted(let context)?: context.underlyingError.map { "\($0)" } ?? context.debugDescription
        case .typeMismatch(_, let context)?, .valueNotFound(_, let context)?, .keyNotFound(_, let context)?:
            "a value cannot be read" + place(context.codingPath)
        default: "\(error)"
        }
    }

    /// Where a value is; Foundation reads neither numbers beyond the range of a double nor strings with a zero byte.
    private static func place(_ path: [any CodingKey]) -> String {
        guard !path.isEmpty else { return "; numbers and strings must be those of JSON" }
        return " at \(Excerpt.line(path.map(\.stringValue).joined(separator: ".")))"
    }
}

/// Decodes a value of any type.
private struct ConfigurationValue: Decodable {
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
        } else if let list = try? container.decode([ConfigurationValue].self) {
            value = .list(list.map(\.value))
        } else {
            value = .object(try container.decode([String: ConfigurationValue].self).mapValues(\.value))
        }
    }
}
