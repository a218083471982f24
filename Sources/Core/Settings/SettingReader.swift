// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Reads the settings of a driver, a store or the agent: each is declared where it is read, and nowhere else.
///
///     struct MySettings: Sendable {
///         let program: String
///         let workers: Int
///
///         init(_ settings: inout SettingReader) throws(SettingError) {
///             program = try settings.path("program", default: "/usr/sbin/my-proxy", "The proxy's program.")
///             workers = try settings.integer("workers", default: 2, in: 1...64, "Number of worker processes.")
///         }
///     }
///
/// For the driver `my`, that makes the keys `my.program` and `my.workers` of the configuration file, the variables
/// `STEELYARD_MY_PROGRAM` and `STEELYARD_MY_WORKERS`, and two lines of `--help`. Read all settings each time and in the
/// same order: the agent reads defaults to learn which settings there are. A rule about two settings, or about the
/// device, belongs into the definition's check.
///
/// An empty variable, and `null` in the file, mean no value for a setting whose default is nil.
public struct SettingReader {
    /// A value and where it came from.
    package struct Given: Sendable {
        /// The option, the variable, or the file and the key.
        package let origin: String
        /// The value.
        package let value: SettingValue

        /// Creates a given value.
        package init(origin: String, value: SettingValue) {
            self.origin = origin
            self.value = value
        }
    }

    /// What the keys begin with, such as `haproxy`; nil for keys without a group.
    private let group: String?
    /// The directory that relative paths begin at; nil to leave them as they are.
    private let folder: String?
    /// The values for a key, those that count more after the others.
    private let given: (String) -> [Given]
    /// The settings that were read, in order.
    package private(set) var settings: [SettingDescription] = []

    /// Creates a reader of values that are given without a file, such as in a test.
    ///
    /// - Parameters:
    ///   - group: What the keys begin with: the driver's name, or the store's type.
    ///   - values: The values by their keys without the group; all others have their defaults.
    public init(group: String, _ values: [String: SettingValue] = [:]) {
        self.init(group: group) { key in
            values.compactMap { "\(group).\($0)" == key ? Given(origin: key, value: $1) : nil }
        }
    }

    /// Creates a reader.
    ///
    /// - Parameters:
    ///   - group: What the keys begin with; nil for nothing.
    ///   - folder: The directory that relative paths begin at; nil to leave them as they are.
    ///   - given: The values for a key, those that count more after the others.
    package init(group: String?, folder: String? = nil, given: @escaping (String) -> [Given]) {
        self.group = group
        self.folder = folder
        self.given = given
    }

    /// Reads a setting of any type.
    ///
    /// - Parameters:
    ///   - name: The key without the group: lower-case letters, digits and `_`.
    ///   - default: The value where none is given.
    ///   - syntax: Which values it takes, such as `HOST:PORT`.
    ///   - help: What it sets: one line that ends with a full stop.
    ///   - isOptional: Whether null means the default.
    ///   - show: The value as it would stand in the configuration file.
    ///   - parse: Checks a value.
    /// - Throws: `SettingError` with the origin of the value that is wrong.
    public mutating func value<Value>(
        _ name: String,
        default: Value,
        syntax: String,
        _ help: String,
        isOptional: Bool = false,
        show: (Value) -> SettingValue,
        parse: (SettingValue) throws(InvalidValue) -> Value
    ) throws(SettingError) -> Value {
        let key = group.map { "\($0).\(name)" } ?? name
        var result = `default`
        var origin: String?
        for given in given(key) {
            origin = given.origin
            if isOptional, given.value.isNull {
                result = `default`
                continue
            }
            do throws(InvalidValue) { result = try parse(given.value) } catch {
                throw SettingError(key, origin: given.origin, error.problem)
            }
        }
        settings.append(
            SettingDescription(
                key: key,
                help: help,
                syntax: syntax,
                defaultValue: show(`default`),
                value: show(result),
                origin: origin
            )
        )
        return result
    }

    /// A path that begins at the directory of the command, if it is relative.
    func absolute(_ path: String) -> String {
        guard let folder, !path.hasPrefix("/") else { return path }
        return "\(folder)/\(path)"
    }
}
