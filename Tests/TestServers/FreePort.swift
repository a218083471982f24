// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Ports of 127.0.0.1 on which nobody listens, none of them twice in one run of the tests.
///
/// They are below those that the system gives to outgoing connections, of which the tests make many.
package enum FreePort {
    private static let given = Mutex<Set<UInt16>>([])

    /// A port that was just found free.
    package static func next() throws -> Int {
        for _ in 0..<1000 {
            let port = UInt16.random(in: 15_000..<32_000)
            if given.withLock({ $0.insert(port).inserted }), try isFree(port) { return Int(port) }
        }
        throw ServerFailure("no free port found")
    }

    private static func isFree(_ port: UInt16) throws -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw ServerFailure("no socket: errno \(errno)") }
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
