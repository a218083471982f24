// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Reads the settings of a driver, a store or the agent; each setting is declared by reading it.
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
/// For the driver `my`, this creates the keys `my.program` and `my.workers` in the configuration file, the variables
/// `STEELYARD_MY_PROGRAM` and `STEELYARD_MY_WORKERS`, and two lines in `--help`. Read all settings each time, in the
/// same order: the agent reads the defaults to list the settings. Put rules about two settings or about the device into
/// the definition's check.
///
/// An empty variable, or `null` in the file, means no value for a setting whose default is nil.
public struct SettingReader {
    /// A value and its origin.
    package struct Given: Sendable {
        /// The option, the variable, or the file and the key.
        package let origin: String
        /// The value.
        package let value: SettingValue

        /// Creates a value with its origin.
        package init(origin: String, value: SettingValue) {
            self.origin = origin
            self.value = value
        }
    }

    /// The prefix of the keys, such as `haproxy`; nil for keys without a group.
    private let group: String?
    /// The directory for relative paths; nil to keep them unchanged.
    private let folder: String?
    /// Returns the values for a key; later ones take precedence.
    private let given: (String) -> [Given]
    /// The settings read so far, in order.
    package private(set) var settings: [SettingDescription] = []

    /// Creates a reader of values that do not come from a file, for example in a test.
    ///
    /// - Parameters:
    ///   - group: The prefix of the keys: the driver's name, or the store's type.
    ///   - values: The values by key, without the group; the others have their defaults.
    public init(group: String, _ values: [String: SettingValue] = [:]) {
        self.init(group: group) { key in
            values.compactMap { "\(group).\($0)" == key ? Given(origin: key, value: $1) : nil }
        }
    }

    /// Creates a reader.
    ///
    /// - Parameters:
    ///   - group: The prefix of the keys; nil for none.
    ///   - folder: The directory for relative paths; nil to keep them unchanged.
    ///   - given: Returns the values for a key; later ones take precedence.
    package init(group: String?, folder: String? = nil, given: @escaping (String) -> [Given]) {
        self.group = group
        self.folder = folder
        self.given = given
    }

    /// Reads a setting of any type.
    ///
    /// - Parameters:
    ///   - name: The key without the group: lower-case letters, digits and `_`.
    ///   - default: The value if none is given.
    ///   - syntax: The values it accepts, such as `HOST:PORT`.
    ///   - help: A one-line description that ends with a full stop.
    ///   - isOptional: Whether null means the default.
    ///   - show: Returns the value as in the configuration file.
    ///   - parse: Validates a value.
    /// - Throws: `SettingError` with the origin of the invalid value.
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

    /// Returns an absolute path; a relative one is resolved against the working directory.
    func absolute(_ path: String) -> String {
        guard let folder, !path.hasPrefix("/") else { return path }
        return "\(folder)/\(path)"
    }
}
