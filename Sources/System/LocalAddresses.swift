// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// The addresses of this device's network interfaces.
package enum LocalAddresses {
    /// The addresses of an interface, in numeric form and without a zone.
    package struct Entry: Hashable, Sendable {
        /// The interface's own address.
        package let address: String
        /// The broadcast address of its network; nil if there is none.
        package let broadcast: String?

        package init(address: String, broadcast: String?) {
            self.address = address
            self.broadcast = broadcast
        }
    }

    private static let cache = Mutex<(entries: [Entry], expiry: ContinuousClock.Instant)?>(nil)

    /// Returns the addresses of all interfaces, read at most five seconds ago.
    package static func recent() -> [Entry] {
        cache.withLock { cache in
            if let cache, cache.expiry > .now { return cache.entries }
            let entries = read()
            cache = (entries, .now + .seconds(5))
            return entries
        }
    }

    /// Reads the addresses of all interfaces; empty if the kernel reports an error.
    package static func read() -> [Entry] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard unsafe getifaddrs(&list) == 0 else { return [] }
        defer { unsafe freeifaddrs(list) }
        var entries: [Entry] = []
        var next = unsafe list
        while let entry = unsafe next {
            unsafe next = entry.pointee.ifa_next
            guard let address = unsafe text(of: entry.pointee.ifa_addr) else { continue }
            let hasBroadcast = unsafe entry.pointee.ifa_flags & UInt32(IFF_BROADCAST) != 0
            let broadcast = unsafe hasBroadcast ? text(of: entry.pointee.ifa_ifu.ifu_broadaddr) : nil
            entries.append(Entry(address: address, broadcast: broadcast))
        }
        return entries
    }

    private static func text(of address: UnsafeMutablePointer<sockaddr>?) -> String? {
        guard let address = unsafe address else { return nil }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let size = socklen_t(text.count)
        let isRead =
            switch unsafe Int32(address.pointee.sa_family) {
            case AF_INET:
                unsafe address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                    unsafe inet_ntop(AF_INET, &$0.pointee.sin_addr, &text, size) != nil
                }
            case AF_INET6:
                unsafe address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                    unsafe inet_ntop(AF_INET6, &$0.pointee.sin6_addr, &text, size) != nil
                }
            default: false
            }
        guard isRead else { return nil }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
