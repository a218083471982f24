// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import SteelyardCore
import SystemPackage

/// The configuration of HAProxy on this device: the operator's settings with defaults for the service, and all paths.
package struct HAProxyConfiguration: Hashable, Sendable {
    /// The operator's settings.
    let settings: HAProxySettings
    /// The folder for the state and the sockets; absolute.
    var stateDirectory: FilePath { FilePath(words.stateDirectory.text) }
    /// The configuration file that HAProxy loads; absolute.
    let config: FilePath
    /// The socket on which the master accepts commands; absolute.
    let masterSocket: FilePath
    /// The log that ARCHIVE reads; absolute.
    let log: FilePath
    /// The address of HAProxy's `log` directive; nil if HAProxy writes ``log`` itself.
    var logTarget: String? { words.logTarget?.text }
    /// The user that HAProxy runs as; nil for the agent's own.
    var user: String? { words.user?.text }
    /// The group that HAProxy runs as; nil for the agent's own.
    var group: String? { words.group?.text }
    /// The most bytes of a log line, 256 to 65,535; nil for HAProxy's 1,024, which every syslog daemon accepts.
    let logLineBytes: Int?
    /// The systemctl program.
    var systemctl: FilePath = "systemctl"
    /// The values that are safe in haproxy.cfg.
    let words: Words

    struct Words: Hashable, Sendable {
        let stateDirectory: CheckedWord
        /// The folder for certificates and private keys.
        let keyDirectory: CheckedWord
        let logTarget: CheckedWord?
        let user: CheckedWord?
        let group: CheckedWord?
        /// The owner of the workers' socket if root starts HAProxy and the agent runs as another user.
        let socketOwner: CheckedWord?
    }

    /// Completes the operator's settings.
    ///
    /// - Parameters:
    ///   - settings: The settings; the service determines the defaults.
    ///   - stateDirectory: The folder for the state; a relative path starts at the working directory.
    ///   - keyDirectory: The folder for certificates and private keys; nil for `tls` in the state directory.
    /// - Throws: `SettingError` if HAProxy cannot use the state directory.
    package init(
        _ settings: HAProxySettings,
        stateDirectory: String,
        keyDirectory: String? = nil
    ) throws(SettingError) {
        let keys: CheckedWord
        do throws(InvalidValue) {
            keys = try CheckedOption.path(keyDirectory ?? FilePath(stateDirectory).appending("tls").string)
        } catch { throw SettingError(keyDirectory == nil ? "state_dir" : "tls.directory", error.problem) }
        self.settings = settings
        let defaults = ServiceDefaults(settings.service)
        do throws(InvalidValue) {
            words = Words(
                stateDirectory: try CheckedOption.path(stateDirectory),
                keyDirectory: keys,
                logTarget: try Self.word(settings.logTarget, or: defaults.logTarget, CheckedOption.word),
                user: try Self.word(settings.user, or: defaults.user, CheckedOption.account),
                group: try Self.word(settings.group, or: defaults.group, CheckedOption.account),
                socketOwner: try Self.word(nil, or: defaults.socketOwner, CheckedOption.account)
            )
        } catch { throw SettingError("state_dir", error.problem) }
        logLineBytes = settings.logLineBytes ?? (words.logTarget == nil ? 16_384 : nil)
        let folder = FilePath(words.stateDirectory.text)
        config = settings.config ?? defaults.config ?? folder.appending("haproxy.cfg")
        masterSocket = settings.masterSocket ?? defaults.masterSocket ?? folder.appending("master.sock")
        log = settings.log ?? defaults.log ?? folder.appending("haproxy.log")
        let files = DeviceFiles(self)
        try CheckedOption.requireSocketLength(files.adminSocket, "state_dir")
        try CheckedOption.requireSocketLength(
            files.masterSocket,
            settings.masterSocket == nil && defaults.masterSocket == nil
                ? "state_dir" : "\(HAProxySettings.group).master_socket"
        )
    }

    private static func word(
        _ word: CheckedWord?,
        or text: String?,
        _ check: (String) throws(InvalidValue) -> CheckedWord
    ) throws(InvalidValue) -> CheckedWord? {
        if let word { return word }
        guard let text else { return nil }
        return try check(text)
    }

    /// Creates a configuration without a file, for example in a test.
    ///
    /// - Parameters:
    ///   - values: The settings by their keys without `haproxy.`.
    ///   - stateDirectory: The folder for the state.
    package init(
        _ values: [String: SettingValue] = [:],
        stateDirectory: String = "/var/lib/steelyard"
    ) throws(SettingError) {
        var reader = SettingReader(group: HAProxySettings.group, values)
        try self.init(HAProxySettings(&reader), stateDirectory: stateDirectory)
    }
}
