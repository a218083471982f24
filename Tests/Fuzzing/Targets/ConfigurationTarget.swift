// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCore

@testable import SteelyardWorker

extension FuzzTarget {
    /// The configuration file and the environment variables: the output of `steelyard config` is a configuration with
    /// the same values.
    static let configuration = FuzzTarget(name: "configuration") { bytes in
        try check(ConfigurationLoader(program: .standard), file: bytes)
        var loader = ConfigurationLoader(program: .standard)
        // A variable's value contains no zero byte.
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
            try FuzzFailure.requireEqual(again.json.indented, shown, "the output gives the same configuration")
        } catch let error as ConfigurationError {
            throw FuzzFailure("the output is a valid configuration: \(error)")
        }
    }

    /// Loads a configuration from an unnamed temporary file.
    private static func load(_ loader: ConfigurationLoader, file bytes: [UInt8]) throws -> WorkerConfiguration {
        guard let file = unsafe tmpfile() else { throw FuzzFailure("cannot create a temporary file: errno \(errno)") }
        defer { unsafe fclose(file) }
        guard unsafe fwrite(bytes, 1, bytes.count, file) == bytes.count, unsafe fflush(file) == 0 else {
            throw FuzzFailure("cannot write a temporary file: errno \(errno)")
        }
        var loader = loader
        loader.file = unsafe "/proc/self/fd/\(fileno(file))"
        return try loader.load()
    }
}
