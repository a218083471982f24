// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import LogFiles
import SteelyardCore

/// Assigns log lines to load balancers, and leaves out those of deleted load balancers.
struct HAProxyLineClassifier: LogLineClassifier {
    private let cut: LogCut?
    private let owners: LogOwners?

    /// - Parameters:
    ///   - cut: The time up to which lines belong to deleted load balancers; nil if there was no DELETE.
    ///   - owners: The load balancers of lines without ids; nil if there never were others.
    init(after cut: LogCut? = nil, owners: LogOwners? = nil) {
        self.cut = cut
        self.owners = owners
    }

    func owner(of line: UnsafeRawBufferPointer) -> LogLineOwner {
        guard let found = unsafe HAProxyLine(line) else { return .none }
        if let cut, unsafe cut.covers(line, found) { return .deletedLoadBalancer }
        if let id = found.owner.id { return .named(found.owner.proxyKind, id) }
        guard let owners else { return .loadBalancer(found.owner.proxyKind) }
        return unsafe owners.owner(of: line, found)
    }

    /// The time of the first request line at the start of a file, in microseconds since 1970; nil if there is none.
    static func time(of head: [UInt8]) -> Int64? {
        let local = unsafe head.withUnsafeBytes { head in
            unsafe AcceptDate.find(in: head).flatMap { unsafe AcceptDate.localMicroseconds(head, at: $0) }
        }
        return local.map { $0 - CivilTime.offset(at: $0 / 1_000_000) * 1_000_000 }
    }
}
