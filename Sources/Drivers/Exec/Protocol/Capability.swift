// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Optional capabilities of a driver program.
enum Capability: String, CaseIterable, Sendable {
    /// `usage` and `commit`.
    case usage
    /// `open_log`, `read_log` and `close_log`.
    case log
    /// `preview`.
    case preview
    /// `proxy_status`.
    case proxyStatus = "proxy_status"
}
