// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import SteelyardCore

/// The configuration's group `exec`: which program is run, and how long it has.
package struct ExecSettings: Sendable {
    /// The configuration's group.
    static let group = "exec"

    /// The program's file and its arguments; empty if it is not set.
    let command: [String]
    /// In seconds.
    let timeout: Int
    /// In seconds.
    let progressLimit: Int
    /// What the program is given as `settings`.
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
            "Seconds that the program has for a change, or for the next part of it if it reports progress."
        )
        progressLimit = try settings.integer(
            "progress_limit",
            default: 600,
            in: 1...86_400,
            "Most seconds of a change whose program reports progress."
        )
        self.settings = try settings.value(
            "settings",
            default: .object([:]),
            syntax: "object",
            "What the program is given as its own settings. No secrets: the log and `config` may show them.",
            show: { $0 },
            parse: { value throws(InvalidValue) in
                guard case .object = value else {
                    throw InvalidValue("must be an object; it can be set in the configuration file only")
                }
                try Self.requireWholeNumbers(value)
                return value
            }
        )
    }

    /// Checks that there is a program to run.
    ///
    /// - Throws: `SettingError` for a command that is empty, or whose program is not an executable file.
    func check() throws(SettingError) {
        let key = "\(Self.group).command"
        guard let program = command.first else {
            throw SettingError(key, "must name the driver program: [\"/usr/local/libexec/my-driver\"]")
        }
        guard program.hasPrefix("/") else {
            throw SettingError(key, "must begin with an absolute path, not \(Excerpt.quote(program))")
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
        case .number: throw InvalidValue("must not have numbers with a fraction; write them as strings")
        case .list(let values): for value in values { try requireWholeNumbers(value) }
        case .object(let members): for value in members.values { try requireWholeNumbers(value) }
        case .null, .boolean, .integer, .string, .text: return
        }
    }
}
