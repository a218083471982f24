// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CGearman

/// What a function of libgearman returned, `gearman_return_t`.
struct GearmanCode: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    let rawValue: UInt32

    init(rawValue: UInt32) { self.rawValue = rawValue }

    init(_ code: gearman_return_t) { rawValue = code.rawValue }

    static let success = GearmanCode(GEARMAN_SUCCESS)
    static let timeout = GearmanCode(GEARMAN_TIMEOUT)
    static let noJobs = GearmanCode(GEARMAN_NO_JOBS)
    static let ioWait = GearmanCode(GEARMAN_IO_WAIT)
    static let interrupted = GearmanCode(GEARMAN_SHUTDOWN_GRACEFUL)
    static let couldNotConnect = GearmanCode(GEARMAN_COULD_NOT_CONNECT)

    /// libgearman's message without the place in its sources, which it puts behind an arrow.
    static func words(_ message: String) -> String {
        message.firstRange(of: " -> ").map { String(message[..<$0.lowerBound]) } ?? message
    }

    /// libgearman's own name for it.
    var description: String { unsafe String(cString: gearman_strerror(gearman_return_t(rawValue))) }
}
