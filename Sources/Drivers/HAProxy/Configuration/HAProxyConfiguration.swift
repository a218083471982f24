// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

public import SystemPackage

/// How the operator wants HAProxy to be run: the configuration file's `haproxy`, with the folder of the state.
///
/// Every string that ends up in haproxy.cfg, or in an argument that HAProxy takes apart again, is checked here, once.
public struct HAProxyConfiguration: Hashable, Sendable {
    /// The HAProxy program.
    public let binary: FilePath
    /// The folder for the state and the sockets; absolute.
    public var stateDirectory: FilePath { FilePath(words.stateDirectory.text) }
    /// The configuration that HAProxy runs; absolute.
    public let config: FilePath
    /// The log that ARCHIVE reads; absolute.
    public let log: FilePath
    /// The address of HAProxy's `log` directive; nil to write straight into ``log``.
    public var logTarget: String? { words.logTarget?.text }
    /// The user that HAProxy runs as; nil for the agent's own.
    public var user: String? { words.user?.text }
    /// The group that HAProxy runs as; nil for the agent's own.
    public var group: String? { words.group?.text }
    /// The most connections at a time, 1 to 2,000,000; fewer where the system does not give as many descriptors.
    public let maxConnections: Int
    /// What may stand in haproxy.cfg.
    let words: Words

    struct Words: Hashable, Sendable {
        let stateDirectory: CheckedWord
        let logTarget: CheckedWord?
        let user: CheckedWord?
        let group: CheckedWord?
    }

    /// Checks a configuration.
    ///
    /// - Parameters:
    ///   - binary: The HAProxy program: a path, or a name to be looked for in `PATH`.
    ///   - stateDirectory: The folder for the state; a relative path begins at the working directory.
    ///   - config: Where haproxy.cfg is; `haproxy.cfg` in the state's folder by default.
    ///   - log: The log file to archive; `haproxy.log` in the state's folder by default.
    ///   - logTarget: Where HAProxy logs to, such as `127.0.0.1:514` or `/dev/log`; straight into `log` by default.
    ///   - user: The user to run HAProxy as.
    ///   - group: The group to run HAProxy as.
    ///   - maxConnections: The most connections at a time, 1 to 2,000,000.
    /// - Throws: `HAProxyConfigurationError`, which names the option as the configuration file spells it.
    public init(
        binary: String = "/usr/sbin/haproxy",
        stateDirectory: String = "/var/lib/steelyard",
        config: String? = nil,
        log: String? = nil,
        logTarget: String? = nil,
        user: String? = nil,
        group: String? = nil,
        maxConnections: Int = 50_000
    ) throws(HAProxyConfigurationError) {
        guard !binary.isEmpty, !binary.utf8.contains(0) else {
            throw HAProxyConfigurationError("haproxy.binary", "must be the path of the haproxy program")
        }
        guard (1...2_000_000).contains(maxConnections) else {
            throw HAProxyConfigurationError(
                "haproxy.max_connections",
                "must be a whole number from 1 to 2000000, not \(maxConnections)"
            )
        }
        let path = FilePath(binary)
        // A mere name is looked for in PATH; HAProxy starts itself again by whatever path it was started by.
        self.binary =
            path.components.count > 1
            ? FilePath(try CheckedOption.path(binary, "haproxy.binary").text) : path
        words = Words(
            stateDirectory: try CheckedOption.path(stateDirectory, "state_dir"),
            logTarget: try CheckedOption.word(logTarget, "haproxy.log_target"),
            user: try CheckedOption.account(user, "haproxy.user"),
            group: try CheckedOption.account(group, "haproxy.group")
        )
        let folder = FilePath(words.stateDirectory.text)
        self.config = try Self.file(config, "haproxy.config") ?? folder.appending("haproxy.cfg")
        self.log = try Self.file(log, "haproxy.log") ?? folder.appending("haproxy.log")
        self.maxConnections = maxConnections
        try CheckedOption.requireSocketLength(DeviceFiles(self).longestSocket)
    }

    private static func file(_ text: String?, _ option: String) throws(HAProxyConfigurationError) -> FilePath? {
        guard let text else { return nil }
        return FilePath(try CheckedOption.path(text, option).text)
    }
}
