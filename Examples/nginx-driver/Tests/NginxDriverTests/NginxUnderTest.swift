// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import Logging
import NginxDriver
import SteelyardCore
import SteelyardTestSupport
import Testing

/// A driver in its own directory, with free ports.
struct NginxUnderTest: Sendable {
    /// Whether to run a test: if `CI` is set, a test without nginx fails.
    static let isInstalled =
        ProcessInfo.processInfo.environment["CI"] != nil
        || FileManager.default.fileExists(atPath: "/usr/lib/nginx/modules/ngx_stream_module.so")

    let driver: NginxDriver
    let ports: LoadBalancerDriverContract.Device
    /// The directory with nginx's files.
    let directory: String
    private let context: DriverContext

    /// Runs a test with a driver whose device is not configured, and ends its nginx.
    ///
    /// - Parameter suffix: The end of the directory's name.
    static func run(in suffix: String = "", _ body: (NginxUnderTest) async throws -> Void) async throws {
        let directory = "/tmp/nginx-tests-\(UInt32.random(in: 0...UInt32.max))\(suffix)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try await LoadBalancerDriverContract.Device.withFreePorts { ports in
            let context = DriverContext(stateDirectory: directory, logger: Logger(label: "nginx"))
            let nginx = try NginxUnderTest(context, ports)
            do { try await body(nginx) } catch {
                try? await nginx.driver.delete()
                throw error
            }
            try await nginx.driver.delete()
        }
    }

    private init(_ context: DriverContext, _ ports: LoadBalancerDriverContract.Device) throws {
        var reader = SettingReader(group: "nginx", ["workers": .integer(2), "connections": .integer(256)])
        driver = try NginxDriver(settings: NginxSettings(&reader), context: context)
        directory = context.stateDirectory + "/nginx"
        self.context = context
        self.ports = ports
    }

    /// The driver of the next agent in the same directory.
    func restarted() throws -> NginxUnderTest { try NginxUnderTest(context, ports) }

    /// The processes of this nginx with their titles.
    func processes() throws -> [(number: pid_t, title: String)] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }.compactMap { number in
            let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(number)/fd")) ?? []
            guard number != getpid(), let title = try? Data(contentsOf: URL(filePath: "/proc/\(number)/cmdline")),
                open.contains(where: { entry in
                    let file = try? FileManager.default.destinationOfSymbolicLink(
                        atPath: "/proc/\(number)/fd/\(entry)"
                    )
                    return file?.hasPrefix(directory + "/") ?? false
                })
            else { return nil }
            return (number, String(decoding: title, as: UTF8.self))
        }
    }

    /// The process ID of the master.
    func master() throws -> pid_t {
        let master = try processes().first { $0.title.isMaster }
        return try #require(master?.number, "nginx is not running")
    }
}

extension String {
    /// Whether a process with this title is nginx's master.
    var isMaster: Bool { hasPrefix("nginx: master process") }
}
