// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCore

@testable import SteelyardWorker

extension FuzzTarget {
    /// The configuration file and the environment's variables: what `steelyard config` prints is a configuration that
    /// gives the same.
    static let configuration = FuzzTarget(name: "configuration") { bytes in
        try check(ConfigurationLoader(program: .standard), file: bytes)
        var loader = ConfigurationLoader(program: .standard)
        // A variable's value has no zero byte.
        for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: { $0 == "\n" || $0 == "\0" }) {
            let parts = line.split(separator: "=", maxSplits: 1)
            if parts.count == 2 { loader.environment[String(parts[0])] = String(parts[1]) }
        }
        if !loader.environment.isEmpty { try check(loader, file: Array("{}".utf8)) }
    }

    private static func check(_ loader: ConfigurationLoader, file: [UInt8]) throws {
        guard let configuration = try? load(loader, file: file) else { return }
        let shown = configuration.json.indented
        do {
            let again = try load(ConfigurationLoader(program: .standard), file: Array(shown.utf8))
            try FuzzFailure.requireEqual(again.json.indented, shown, "what is shown gives the same configuration")
        } catch let error as ConfigurationError {
            throw FuzzFailure("what is shown is a configuration: \(error)")
        }
    }

    /// Loads a configuration from a file that has no name and is gone with its descriptor.
    private static func load(_ loader: ConfigurationLoader, file bytes: [UInt8]) throws -> WorkerConfiguration {
        guard let file = unsafe tmpfile() else { throw FuzzFailure("cannot make a temporary file: errno \(errno)") }
        defer { unsafe fclose(file) }
        guard unsafe fwrite(bytes, 1, bytes.count, file) == bytes.count, unsafe fflush(file) == 0 else {
            throw FuzzFailure("cannot write a temporary file: errno \(errno)")
        }
        var loader = loader
        loader.file = unsafe "/proc/self/fd/\(fileno(file))"
        return try loader.load()
    }
}
