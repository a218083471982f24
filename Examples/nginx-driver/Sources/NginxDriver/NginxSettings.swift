// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
public import SteelyardCore

/// Where nginx is and how it runs.
public struct NginxSettings: Sendable {
    /// The program.
    public let binary: String
    /// nginx's module for TCP.
    public let streamModule: String
    /// Directory for the state, nginx's configuration, its process id and its logs; an absolute path without links.
    public let directory: String
    /// The number of worker processes; nil for one for each core.
    public let workers: Int?
    /// The number of connections of each worker, to clients and to nodes together.
    public let connections: Int
    /// The seconds that connections may go on in an old worker after a change.
    public let shutdownTimeout: Int
    /// The seconds that connections may go on after a SUSPEND.
    public let suspendGrace: Int
    /// The user that nginx's workers run as where the agent runs as root; nil for another agent, whose user they keep.
    let user: String?

    /// Checks the settings, and creates the directory if it is missing.
    ///
    /// - Parameters:
    ///   - directory: At most 90 bytes, because the path of a socket in it has at most 107.
    ///   - workers: At least 1; nil for one for each core.
    ///   - connections: At least 16.
    ///   - shutdownTimeout: At least 1 s.
    ///   - suspendGrace: 0 s for none.
    /// - Throws: `DriverError` with the code `unavailable` where nginx or the directory cannot be used.
    public init(
        binary: String = "/usr/sbin/nginx",
        streamModule: String = "/usr/lib/nginx/modules/ngx_stream_module.so",
        directory: String,
        workers: Int? = nil,
        connections: Int = 4096,
        shutdownTimeout: Int = 1800,
        suspendGrace: Int = 1
    ) throws(DriverError) {
        guard FileManager.default.isExecutableFile(atPath: binary) else {
            throw DriverError(.unavailable, "\(binary) is not an executable program; install the package nginx")
        }
        guard FileManager.default.fileExists(atPath: streamModule) else {
            throw DriverError(.unavailable, "\(streamModule) is missing; install the package libnginx-mod-stream")
        }
        do {
            try FileManager.default.createDirectory(
                atPath: directory,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw DriverError(.unavailable, "\(directory) cannot be created: \(error)")
        }
        guard let path = realpath(directory, nil) else {
            throw DriverError(.unavailable, "\(directory) cannot be used: \(SystemError.text(errno))")
        }
        defer { free(path) }
        self.binary = binary
        self.streamModule = streamModule
        self.directory = String(cString: path)
        guard self.directory.utf8.count <= 90 else {
            throw DriverError(.unavailable, "\(directory) is longer than 90 bytes")
        }
        self.workers = workers.map { max(1, $0) }
        self.connections = max(16, connections)
        self.shutdownTimeout = max(1, shutdownTimeout)
        self.suspendGrace = max(0, suspendGrace)
        user = geteuid() == 0 ? "root" : nil
    }

    /// The path of a file in the directory.
    func file(_ name: String) -> String { "\(directory)/\(name)" }
}
