// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCore
import SteelyardSystem
import SystemPackage

/// The files of HAProxy's two output streams, opened for appending.
struct HAProxyOutputs {
    /// The standard output, to which the workers log.
    let log: FileDescriptor
    /// The standard error, with HAProxy's messages at a start or reload.
    let startLog: FileDescriptor
    private let begin: Int64
    /// HAProxy also reports each state change of a node there; a larger file is truncated.
    private static let startLogLimit = 1 << 20

    init(_ files: DeviceFiles) throws(DriverError) {
        do {
            for file in [files.log, files.startLog] {
                let folder = file.removingLastComponent()
                try AtomicFile.makeFolder(folder)
            }
            log = try Self.open(files.log)
            do { startLog = try Self.open(files.startLog) } catch {
                try? log.close()
                throw error
            }
        } catch {
            throw DriverError(.stateUnwritable, "cannot open HAProxy's log files: \(error)")
        }
        // HAProxy clears O_APPEND; it then writes at the descriptor's offset.
        _ = try? log.seek(offset: 0, from: .end)
        let size = (try? startLog.seek(offset: 0, from: .end)) ?? 0
        begin = size > Self.startLogLimit && ftruncate(startLog.rawValue, 0) == 0 ? 0 : size
    }

    /// The messages that HAProxy has printed since.
    var startMessages: String {
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        let count =
            (try? unsafe buffer.withUnsafeMutableBytes { try unsafe startLog.read(fromAbsoluteOffset: begin, into: $0) })
            ?? 0
        return String(decoding: buffer[..<count], as: UTF8.self)
    }

    /// The exit of a master's last worker, as the master reported it.
    static func lastEnd(of master: Int32, in startLog: FilePath) -> String {
        guard let bytes = try? AtomicFile.read(startLog) else { return "see \(startLog)" }
        let lines = String(decoding: bytes.suffix(64 << 10), as: UTF8.self).split(separator: "\n")
        let own = lines.last { line in
            // A line begins with its level and the master's number: `[ALERT]    (1234) : `.
            line.contains("exited with code")
                && line.split(separator: "(", maxSplits: 1).last?.hasPrefix("\(master))") == true
        }
        guard let line = own, let end = line.firstIndex(of: ")") else {
            return "no message from HAProxy; see \(startLog)"
        }
        let text = line[line.index(after: end)...].drop { $0 == " " || $0 == ":" }
        return String(text.unicodeScalars.prefix(120).map { 0x20...0x7E ~= $0.value ? Character($0) : "?" })
    }

    func close() {
        try? log.close()
        try? startLog.close()
    }

    private static func open(_ path: FilePath) throws(FileError) -> FileDescriptor {
        try OwnFile.open(path, .readWrite, options: [.create, .append], permissions: [.ownerReadWrite, .groupRead])
    }
}
