// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import Glibc
import SteelyardCore
import SteelyardSystem
import SystemPackage

/// Reads messages given on the command line.
enum MessageSource {
    /// Reads a file, or standard input if the name is `-`.
    ///
    /// - Parameter orAction: Whether an action could stand in its place.
    /// - Throws: An exit with the code 64 if it cannot be read.
    static func read(_ file: String, orAction: Bool = false) throws -> [UInt8] {
        if file == "-" { return readStandardInput() }
        do {
            if let bytes = try AtomicFile.read(FilePath(file), isOwn: false) { return bytes }
            Program.fail(orAction ? "\(file) is neither an action nor a file" : "\(file) does not exist")
        } catch {
            Program.fail("\(error)")
        }
        throw ExitCode(EX_USAGE)
    }

    /// Returns the message of an action: the file's object with the action added, or only the action.
    ///
    /// - Throws: An exit with the code 64 if the file is not a JSON object, or contains another action.
    static func message(_ kind: ActionKind, file: String?) throws -> [UInt8] {
        let action = JSONFragment.Member("hpcs_action", .string(kind.rawValue))
        guard let file else { return JSONFragment.object([action]).json }
        let bytes = try read(file)
        let document: JSONDocument
        do { document = try JSONDocument(bytes) } catch {
            Program.fail("\(file): \(error)")
            throw ExitCode(EX_USAGE)
        }
        return document.bytes(adding: [action])
    }

    private static func readStandardInput() -> [UInt8] {
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe Glibc.read(STDIN_FILENO, &block, block.count)
            guard count > 0 else { return bytes }
            bytes.append(contentsOf: block.prefix(count))
        }
    }
}
