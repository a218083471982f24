// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
public import SteelyardCore

/// The settings of the group `nginx`: how the operator wants nginx to be run.
public struct NginxSettings: Sendable {
    let binary: String
    let streamModule: String
    /// The number of worker processes; nil for one for each core.
    let workers: Int?
    /// The connections of each worker, to clients and to nodes together.
    let connections: Int
    /// The seconds that connections may go on in an old worker.
    let shutdownTimeout: Int
    /// The seconds that connections may go on after a SUSPEND.
    let suspendGrace: Int

    /// Reads the settings.
    public init(_ settings: inout SettingReader) throws(SettingError) {
        binary = try settings.path("binary", default: "/usr/sbin/nginx", "The nginx program.")
        streamModule = try settings.path(
            "stream_module",
            default: "/usr/lib/nginx/modules/ngx_stream_module.so",
            "nginx's module for TCP."
        )
        workers = try settings.optionalInteger(
            "workers",
            in: 1...1024,
            "Number of worker processes. If null, one for each core."
        )
        connections = try settings.integer(
            "connections",
            default: 4096,
            in: 64...1_000_000,
            "Connections of each worker, to clients and to nodes together."
        )
        shutdownTimeout = try settings.integer(
            "shutdown_timeout",
            default: 1800,
            in: 1...86_400,
            "Seconds that an old worker has for its connections after a change."
        )
        suspendGrace = try settings.integer(
            "suspend_grace",
            default: 1,
            in: 0...3600,
            "Seconds that open connections have after a SUSPEND."
        )
    }

    /// Checks that nginx is installed.
    ///
    /// - Throws: `SettingError` with the setting at fault.
    func requireInstalled() throws(SettingError) {
        guard FileManager.default.isExecutableFile(atPath: binary) else {
            throw SettingError(
                "nginx.binary",
                "is \(binary), which is not an executable program; install the package nginx"
            )
        }
        guard FileManager.default.fileExists(atPath: streamModule) else {
            throw SettingError(
                "nginx.stream_module",
                "is \(streamModule), which does not exist; install the package libnginx-mod-stream"
            )
        }
    }
}
