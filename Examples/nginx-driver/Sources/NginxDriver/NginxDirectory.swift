// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import SteelyardCore

/// A directory for the state, or for nginx's configuration, process id, socket and logs.
struct NginxDirectory: Sendable {
    let path: String

    /// The path of a file in the directory.
    func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Creates the directory if it is missing.
    ///
    /// - Throws: `DriverError` with the code `stateUnwritable`.
    func make() throws(DriverError) {
        // The path of a socket has at most 107 bytes.
        guard file("control.sock").utf8.count <= 107 else {
            throw DriverError(.stateUnwritable, "the path \(path) is too long; set a shorter state_dir")
        }
        do {
            try FileManager.default.createDirectory(
                atPath: file("temp"),
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw DriverError(.stateUnwritable, "\(path) cannot be created: \(error)")
        }
    }

    /// Passes a new, empty directory to a closure, and removes it afterwards.
    ///
    /// - Throws: `DriverError` with the code `stateUnwritable`.
    static func withTemporary<Success>(
        _ body: (NginxDirectory) throws(DriverError) -> Success
    ) throws(DriverError) -> Success {
        var template = Array("/tmp/nginx-check.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw DriverError(.stateUnwritable, "no directory can be created in /tmp: \(SystemError.text(errno))")
        }
        let bytes = template.dropLast().map { UInt8(bitPattern: $0) }
        let directory = NginxDirectory(path: String(decoding: bytes, as: UTF8.self))
        defer { try? FileManager.default.removeItem(atPath: directory.path) }
        try directory.make()
        return try body(directory)
    }
}
