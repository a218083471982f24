// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// What a driver program may be able to do besides the methods that every program has.
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
