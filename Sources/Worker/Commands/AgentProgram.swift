// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
public import SteelyardCore
import SteelyardSystem

/// An agent's program: its name and version, and the drivers and stores that it has.
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
    /// What the program does, in one line that ends with a full stop.
    let summary: String
    /// What DISCOVER and `--version` say.
    let release: Release
    /// The drivers to choose from; the first is the default.
    let drivers: [DriverDefinition]
    /// The object stores that an ARCHIVE can name.
    let stores: [StoreDefinition]
    /// What ships logs; nil if the program serves no ARCHIVE.
    let archiver: ArchiverDefinition?

    /// Creates a program.
    ///
    /// - Parameters:
    ///   - name: The command's name.
    ///   - summary: What the program does, in one line that ends with a full stop.
    ///   - release: What DISCOVER and `--version` say.
    ///   - drivers: The drivers to choose from, at least one; the first is the default. No two have the same name.
    ///   - stores: The object stores that an ARCHIVE can name. No two have the same type.
    ///   - archiver: What ships logs; nil if the program serves no ARCHIVE.
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

    /// Runs the command that the process's arguments name, and ends the process.
    ///
    /// The process gets exit codes of sysexits.h: 64 for wrong arguments, 78 for a wrong configuration.
    public func main() async -> Never { await Program.main(self) }

    /// A sentence on what is wrong with the registration; nil if nothing is.
    var fault: String? {
        let groups = drivers.map(\.name) + stores.map(\.format.type)
        let reserved = [
            "gearman", ArchiveSettings.group, "diagnostics", "limits", "log", "metrics", "driver", "dry_run",
            "state_dir",
        ]
        if drivers.isEmpty { return "no driver is registered" }
        if let name = groups.first(where: { !Self.isName($0) }) {
            return "\"\(name)\" is no name of a driver or a store: expected 1 to 32 lower-case letters, digits and _"
        }
        if let name = groups.first(where: { name in groups.count { $0 == name } > 1 || reserved.contains(name) }) {
            return "the name \(name) of a driver or a store is in use already"
        }
        let fields = stores.flatMap { $0.format.credentials.map(\.name) }
        let own = ["type", "endpoint", "basepath"].map { Self.fieldPrefix + $0 }
        if let field = fields.first(where: { !$0.hasPrefix(Self.fieldPrefix) || own.contains($0) }) {
            return
                "the field \(field) of a store's credentials must begin with \(Self.fieldPrefix), and be none of the message's own"
        }
        return nil
    }

    private static let fieldPrefix = "hpcs_object_store_"

    private static func isName(_ text: String) -> Bool {
        (1...32).contains(text.utf8.count)
            && text.utf8.allSatisfy { 0x61...0x7A ~= $0 || 0x30...0x39 ~= $0 || $0 == UInt8(ascii: "_") }
    }

    /// The settings with their defaults, as `--help` lists them.
    var settings: [SettingDescription] {
        (try? WorkerConfiguration(program: self, folder: nil) { _ in [] })?.settings ?? []
    }
}
