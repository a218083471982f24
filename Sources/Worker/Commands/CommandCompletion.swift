// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import Logging
import SteelyardCore

/// The values that a shell offers for options and arguments.
extension CompletionKind {
    /// Configuration files and directories.
    static var configurationFile: CompletionKind { .file(extensions: ["json5", "json"]) }

    /// The names of the registered drivers.
    static var drivers: CompletionKind { .list(Program.current.drivers.map(\.name)) }

    /// The types of the registered object stores.
    static var stores: CompletionKind { .list(Program.current.stores.map(\.format.type)) }

    /// The log levels.
    static var logLevels: CompletionKind { .list(Logger.Level.allCases.map(\.rawValue)) }

    /// The log formats.
    static var logFormats: CompletionKind { .list(LogOutput.Format.allCases.map(\.rawValue)) }

    /// The actions in lower case, and files.
    static var actionsAndFiles: CompletionKind {
        .custom { _, _, prefix in
            let actions = ActionKind.allCases.map { $0.rawValue.lowercased() }.filter { $0.hasPrefix(prefix) }
            return actions + files(prefix)
        }
    }

    /// The files whose path begins with the prefix; a directory ends in a slash.
    ///
    /// As in the shells, a hidden file needs a dot in the prefix.
    private static func files(_ prefix: String) -> [String] {
        let slash = prefix.lastIndex(of: "/")
        let directory = slash.map { String(prefix[...$0]) } ?? ""
        let name = slash.map { String(prefix[prefix.index(after: $0)...]) } ?? prefix
        let path = directory.isEmpty ? "." : directory.hasPrefix("~/") ? home + directory.dropFirst() : directory
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return entries.filter { $0.hasPrefix(name) && (name.hasPrefix(".") || !$0.hasPrefix(".")) }.sorted().map {
            var isDirectory = false
            let exists = FileManager.default.fileExists(atPath: "\(path)/\($0)", isDirectory: &isDirectory)
            return directory + $0 + (exists && isDirectory ? "/" : "")
        }
    }

    private static var home: String { ProcessInfo.processInfo.environment["HOME"] ?? "~" }
}
