// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CSSL
import Glibc

/// The entries of this thread's OpenSSL error queue; the first is the root cause.
///
/// The queue belongs to the thread, not to a connection: a leftover entry would be taken for the cause of a later
/// failure of another connection.
package struct OpenSSLErrors {
    private let entries: [UInt]

    /// Clears the queue before a call whose failure must be explained.
    package static func clear() { ERR_clear_error() }

    /// Removes and returns all entries of the queue.
    package static func drain() -> OpenSSLErrors {
        var entries: [UInt] = []
        while case let entry = ERR_get_error(), entry != 0 { entries.append(entry) }
        return OpenSSLErrors(entries: entries)
    }

    /// Whether an entry has one of these reasons in an OpenSSL library, such as `ERR_LIB_SSL`.
    package func contains(_ library: Int32, _ reasons: Int32...) -> Bool {
        entries.contains { steelyard_ssl_library($0) == library && reasons.contains(steelyard_ssl_reason($0)) }
    }

    /// The TLS alert sent by the peer: its number in RFC 8446, and its name such as "certificate required"; nil if
    /// there is none.
    package var alert: (number: Int32, name: String)? {
        let alerts = entries.filter {
            steelyard_ssl_library($0) == ERR_LIB_SSL && steelyard_ssl_reason($0) > SSL_AD_REASON_OFFSET
        }
        guard let entry = alerts.first else { return nil }
        let number = steelyard_ssl_reason(entry) - SSL_AD_REASON_OFFSET
        // SSL_alert_desc_string_long does not know all alerts of TLS 1.3. A reason is "tlsv13 alert certificate required".
        let reason = Self.reason(of: entry)
        return (number, reason.firstRange(of: "alert ").map { String(reason[$0.upperBound...]) } ?? reason)
    }

    /// The system's description of the failed system call; nil if none failed.
    package var systemReason: String? {
        guard let code = entries.map(steelyard_ssl_system_error).first(where: { $0 != 0 }) else { return nil }
        return Self.describe(errno: code)
    }

    /// The reason as text: the system's for a failed system call, otherwise OpenSSL's.
    package var reason: String {
        if let systemReason { return systemReason }
        guard let entry = entries.first else { return "OpenSSL gives no reason" }
        return Self.reason(of: entry)
    }

    /// Returns the system's description of an error number.
    package static func describe(errno code: Int32) -> String {
        unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error number \(code)"
    }

    private static func reason(of entry: UInt) -> String {
        unsafe ERR_reason_error_string(entry).map { unsafe String(cString: $0) } ?? "OpenSSL error \(entry)"
    }
}
