// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import SteelyardCore

/// The configuration group `exec`: the driver program and its time-outs.
package struct ExecSettings: Sendable {
    /// The name of the configuration group.
    static let group = "exec"

    /// The program's path and its arguments; empty if not set.
    let command: [String]
    /// In seconds.
    let timeout: Int
    /// In seconds.
    let progressLimit: Int
    /// The `settings` passed to the program.
    let settings: SettingValue

    package init(_ settings: inout SettingReader) throws(SettingError) {
        command = try settings.strings(
            "command",
            syntax: "list of an absolute path and arguments",
            "The driver program and its arguments."
        )
        timeout = try settings.integer(
            "timeout",
            default: 30,
            in: 1...3600,
            "Time-out of a change in seconds; progress that the program reports restarts it."
        )
        progressLimit = try settings.integer(
            "progress_limit",
            default: 600,
            in: 1...86_400,
            "Time-out in seconds of a change with progress."
        )
        self.settings = try settings.value(
            "settings",
            default: .object([:]),
            syntax: "object, in the file only",
            "The program's own settings. No secrets: the log and `config` may show them.",
            show: { $0 },
            parse: { value throws(InvalidValue) in
                if case .text = value {
                    throw InvalidValue("cannot be set by a variable; use the configuration file")
                }
                guard case .object = value else { throw InvalidValue("must be an object") }
                try Self.requireWholeNumbers(value)
                return value
            }
        )
    }

    /// Validates the command.
    ///
    /// - Throws: `SettingError` if the command is empty, or if its program is not an executable file.
    func check() throws(SettingError) {
        let key = "\(Self.group).command"
        guard let program = command.first else {
            throw SettingError(key, "must name the driver program: [\"/usr/local/libexec/my-driver\"]")
        }
        guard progressLimit >= timeout else {
            throw SettingError(
                "\(Self.group).progress_limit",
                "must be at least exec.timeout, \(timeout), not \(progressLimit)"
            )
        }
        guard program.hasPrefix("/") else {
            throw SettingError(key, "must start with an absolute path, not \(Excerpt.quote(program))")
        }
        guard !command.contains(where: { $0.utf8.contains(0) }) else {
            throw SettingError(key, "must not contain a NUL character")
        }
        guard ExecutableFile.exists(program) else {
            throw SettingError(key, "names \(Excerpt.line(program)), which is not an executable file")
        }
    }

    private static func requireWholeNumbers(_ value: SettingValue) throws(InvalidValue) {
        switch value {
        case .number: throw InvalidValue("must not contain numbers with a fraction; write them as strings")
        case .list(let values): for value in values { try requireWholeNumbers(value) }
        case .object(let members): for value in members.values { try requireWholeNumbers(value) }
        case .null, .boolean, .integer, .string, .text: return
        }
    }
}
