// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SystemPackage

/// The difference between the time of day and the time since boot: it changes when the clock is set.
package struct DeviceClock: Hashable, Codable, Sendable {
    /// The kernel's ID of this boot; empty if unknown.
    package let boot: String
    /// The time of boot by the current clock, in microseconds since 1970.
    package let offset: Int64

    package init(boot: String, offset: Int64) {
        self.boot = boot
        self.offset = offset
    }

    /// Returns the current reading.
    package static var current: DeviceClock {
        DeviceClock(boot: currentBoot, offset: microseconds(CLOCK_REALTIME) - uptime)
    }

    /// The microseconds since boot.
    package static var uptime: Int64 { microseconds(CLOCK_BOOTTIME) }

    /// Returns how far the clock was set forward since another reading, in microseconds.
    ///
    /// - Returns: nil if the device was rebooted in between, or if that is unknown.
    package func change(since other: DeviceClock) -> Int64? {
        guard boot == other.boot, !boot.isEmpty else { return nil }
        let (change, isTooLarge) = offset.subtractingReportingOverflow(other.offset)
        return isTooLarge ? nil : change
    }

    private static let currentBoot: String = {
        let bytes = (try? AtomicFile.readStream("/proc/sys/kernel/random/boot_id")) ?? []
        return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }()

    private static func microseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }
}
