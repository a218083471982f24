// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// Free ports of 127.0.0.1, each returned once per test run.
///
/// They are below the system's range for outgoing connections, of which the tests make many.
package enum FreePort {
    private static let given = Mutex<Set<UInt16>>([])
    private static let range = 15_000..<max(17_000, min(32_000, firstEphemeralPort))

    /// Returns a port that is currently free.
    package static func next() throws -> Int {
        for _ in 0..<1000 {
            let port = UInt16.random(in: range)
            if given.withLock({ $0.insert(port).inserted }), try isFree(port) { return Int(port) }
        }
        throw ServerFailure("no free port found")
    }

    /// The first port that the system uses for outgoing connections.
    private static var firstEphemeralPort: UInt16 {
        let text = try? String(contentsOfFile: "/proc/sys/net/ipv4/ip_local_port_range", encoding: .utf8)
        return text?.split(whereSeparator: \.isWhitespace).first.flatMap { UInt16($0) } ?? 32_768
    }

    private static func isFree(_ port: UInt16) throws -> Bool {
        // Otherwise a program that another test starts now would inherit the port.
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
        guard descriptor >= 0 else { throw ServerFailure("socket failed: errno \(errno)") }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
