// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem
import SystemPackage

/// The configuration file, in JSON5.
struct ConfigurationFile {
    /// The default path.
    static let standardPath = "/etc/steelyard/steelyard.json5"

    let path: String
    private let members: [String: SettingValue]

    /// Reads a file.
    ///
    /// - Returns: nil if it does not exist.
    /// - Throws: `ConfigurationError` if it cannot be read or is not JSON5.
    init?(path: String) throws(ConfigurationError) {
        let bytes: [UInt8]?
        do { bytes = try AtomicFile.read(FilePath(path), atMost: 1 << 20, isOwn: false) } catch {
            throw ConfigurationError(path, "cannot be read: \(error.reason)")
        }
        guard let bytes else { return nil }
        let root: SettingValue
        do throws(JSON5Error) { root = try JSON5Parser.parse(bytes) } catch {
            throw ConfigurationError(path, error.description)
        }
        guard case .object(let members) = root else { throw ConfigurationError(path, "must contain one object") }
        self.path = path
        self.members = members
    }

    /// The value of a dotted key; nil if the file does not contain it.
    func value(of key: String) -> SettingValue? { Self.value(of: key[...], in: members) }

    /// Checks that every key is known, and in its group.
    ///
    /// - Throws: `SettingError` for the first invalid key in alphabetical order.
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
                throw SettingError(origin, "contains a dot; write groups as objects: {log: {level: \"info\"}}")
            }
            if keys.contains(key) { continue }
            // A group that is null or a string is an invalid value, not an unknown key.
            guard keys.contains(where: { $0.hasPrefix(key + ".") }) else {
                throw SettingError(
                    origin,
                    "is not a key of the configuration\(Suggestion.text(for: key, among: keys))"
                )
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
}
