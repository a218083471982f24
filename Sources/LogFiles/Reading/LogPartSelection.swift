// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCore

/// Finds the parts of an archive that want a line.
struct LogPartSelection {
    /// A bit for each part.
    typealias Parts = UInt128

    private struct Part {
        let proxyKind: ProxyKind
        let id: [UInt8]?
    }

    private let parts: [Part]
    /// The owner of the last line with an id, and its parts: most lines follow one of the same owner.
    private var last: (proxyKind: ProxyKind, id: [UInt8], parts: Parts)?

    /// - Parameter parts: At most 128.
    init(_ parts: [LogPart]) {
        precondition(parts.count <= Parts.bitWidth)
        self.parts = parts.map { Part(proxyKind: $0.proxyKind, id: $0.loadBalancer.map { Array($0.description.utf8) }) }
    }

    /// The parts that want a line; none of them wants that of a deleted load balancer.
    mutating func parts(of owner: LogLineOwner, _ line: UnsafeRawBufferPointer) -> Parts {
        switch owner {
        case .loadBalancer(let kind): return bits { $0.proxyKind == kind }
        case .named(let kind, let range): return unsafe parts(kind, UnsafeRawBufferPointer(rebasing: line[range]))
        case .identified(let key):
            var id = key.id?.description ?? ""
            return id.withUTF8 { unsafe parts(key.proxyKind, UnsafeRawBufferPointer($0)) }
        case .deletedLoadBalancer, .none: return 0
        }
    }

    private mutating func parts(_ kind: ProxyKind, _ id: UnsafeRawBufferPointer) -> Parts {
        if let last, last.proxyKind == kind, unsafe Self.isEqual(last.id, id) { return last.parts }
        let found = bits { part in
            guard part.proxyKind == kind, let own = part.id else { return false }
            return unsafe Self.isEqual(own, id)
        }
        last = (kind, unsafe Array(id), found)
        return found
    }

    private func bits(where isWanting: (Part) -> Bool) -> Parts {
        var bits: Parts = 0
        for (index, part) in parts.enumerated() where isWanting(part) { bits |= 1 << index }
        return bits
    }

    private static func isEqual(_ first: [UInt8], _ second: UnsafeRawBufferPointer) -> Bool {
        guard first.count == second.count else { return false }
        return unsafe first.withUnsafeBytes { first in
            guard let one = first.baseAddress, let other = second.baseAddress else { return true }
            return unsafe memcmp(one, other, second.count) == 0
        }
    }
}
