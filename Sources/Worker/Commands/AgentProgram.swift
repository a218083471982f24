// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
public import SteelyardCore
import SteelyardSystem

/// An agent's program: its name and version, and its drivers and stores.
///
///     @main
///     enum MyAgent {
///         static func main() async {
///             await AgentProgram(
///                 name: "my-agent",
///                 summary: "Runs my proxy.",
///                 release: Release(version: "1.0", release: "1.0.3"),
///                 drivers: [.my, .noOp]
///             ).main()
///         }
///     }
public struct AgentProgram: Sendable {
    /// The command's name.
    let name: String
    /// A one-line description that ends with a full stop.
    let summary: String
    /// The build that DISCOVER and `--version` report.
    let release: Release
    /// The drivers to choose from; the first is the default.
    let drivers: [DriverDefinition]
    /// The object stores that an ARCHIVE may name.
    let stores: [StoreDefinition]
    /// Archives the logs; nil if the program does not support ARCHIVE.
    let archiver: ArchiverDefinition?

    /// Creates a program.
    ///
    /// - Parameters:
    ///   - name: The command's name.
    ///   - summary: A one-line description that ends with a full stop.
    ///   - release: The build that DISCOVER and `--version` report.
    ///   - drivers: The drivers to choose from, at least one; the first is the default. Names must be unique.
    ///   - stores: The object stores that an ARCHIVE may name. Types must be unique.
    ///   - archiver: Archives the logs; nil if the program does not support ARCHIVE.
    public init(
        name: String,
        summary: String,
        release: Release,
        drivers: [DriverDefinition],
        stores: [StoreDefinition] = [],
        archiver: ArchiverDefinition? = nil
    ) {
        self.name = name
        self.summary = summary
        self.release = release
        self.drivers = drivers
        self.stores = archiver == nil ? [] : stores
        self.archiver = archiver
    }

    /// Runs the command given by the process's arguments, and ends the process.
    ///
    /// The exit codes are those of sysexits.h: 64 for invalid arguments, 78 for an invalid configuration.
    public func main() async -> Never { await Program.main(self) }

    /// A sentence about an invalid registration; nil if it is valid.
    var fault: String? {
        let groups = drivers.map(\.name) + stores.map(\.format.type)
        let reserved = [
            "gearman", ArchiveSettings.group, "diagnostics", "limits", "log", "metrics", "driver", "dry_run",
            "state_dir",
        ]
        if drivers.isEmpty { return "no driver is registered" }
        if let name = groups.first(where: { !Self.isName($0) }) {
            return "\"\(name)\" is not a valid name: expected 1 to 32 lower-case letters, digits and _"
        }
        if let name = groups.first(where: { name in groups.count { $0 == name } > 1 || reserved.contains(name) }) {
            return "the name \(name) of a driver or a store is already used or reserved"
        }
        let fields = stores.flatMap { $0.format.credentials.map(\.name) }
        let own = ["type", "endpoint", "basepath"].map { Self.fieldPrefix + $0 }
        if let field = fields.first(where: { !$0.hasPrefix(Self.fieldPrefix) || own.contains($0) }) {
            return
                "the field \(field) of a store's credentials must begin with \(Self.fieldPrefix) and not be reserved"
        }
        return nil
    }

    /// The environment variables from which `archive` reads the stores' credentials.
    var credentialVariables: [String] { stores.flatMap { $0.format.credentials.map(Self.variable) } }

    /// Returns the environment variable of a credential field, such as `STEELYARD_ACCESS_KEY`.
    static func variable(of field: CredentialField) -> String {
        SettingDescription.variablePrefix + field.name.dropFirst(fieldPrefix.count).uppercased()
    }

    private static let fieldPrefix = "hpcs_object_store_"

    private static func isName(_ text: String) -> Bool {
        (1...32).contains(text.utf8.count)
            && text.utf8.allSatisfy { 0x61...0x7A ~= $0 || 0x30...0x39 ~= $0 || $0 == UInt8(ascii: "_") }
    }

    /// The settings with their defaults, for `--help`.
    var settings: [SettingDescription] {
        (try? WorkerConfiguration(program: self, folder: nil) { _ in [] })?.settings ?? []
    }
}
