// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A method of the protocol, which the agent calls.
enum Method: String, Sendable {
    case initialize, apply, suspend, enable, delete, preview, status, usage, commit
    case proxyStatus = "proxy_status"
    case configurationVersion = "configuration_version"
    case openLog = "open_log"
    case readLog = "read_log"
    case closeLog = "close_log"

    /// Whether the method changes the device.
    var isChange: Bool {
        switch self {
        case .apply, .suspend, .enable, .delete: true
        case .initialize, .preview, .status, .usage, .commit, .proxyStatus, .configurationVersion: false
        case .openLog, .readLog, .closeLog: false
        }
    }
}
