// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
public import SteelyardCore

/// The settings of the group `nginx`.
public struct NginxSettings: Sendable {
    let binary: String
    let streamModule: String
    /// The number of worker processes; nil for one per core.
    let workers: Int?
    /// The maximum connections of each worker, to clients and nodes together.
    let connections: Int
    /// The seconds for which connections may continue in an old worker.
    let shutdownTimeout: Int
    /// The seconds for which connections may continue after a SUSPEND.
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
            "Number of worker processes. If null, one per core."
        )
        connections = try settings.integer(
            "connections",
            default: 4096,
            in: 64...1_000_000,
            "Maximum connections of each worker, to clients and nodes together."
        )
        shutdownTimeout = try settings.integer(
            "shutdown_timeout",
            default: 1800,
            in: 1...86_400,
            "Seconds until an old worker closes its connections after a change."
        )
        suspendGrace = try settings.integer(
            "suspend_grace",
            default: 1,
            in: 0...3600,
            "Seconds until open connections are closed after a SUSPEND."
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
