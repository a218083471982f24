// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// What was asked for last, and done.
enum DeviceState: Hashable, Sendable {
    /// Nothing yet.
    case notConfigured
    /// To serve.
    case serving(Served)
    /// To keep this, and not to serve it.
    case suspended(Served)
    /// To forget everything.
    case deleted

    /// What is served, or would be.
    struct Served: Hashable, Sendable {
        /// The load balancers.
        let set: LoadBalancerSet
        /// Names what the running HAProxy should have.
        let fingerprint: Fingerprint
        /// Names what haproxy.cfg should hold.
        let checksum: Fingerprint

        init(_ rendered: RenderedConfiguration) {
            self.init(set: rendered.set, fingerprint: rendered.fingerprint, checksum: rendered.checksum)
        }

        init(set: LoadBalancerSet, fingerprint: Fingerprint, checksum: Fingerprint) {
            self.set = set
            self.fingerprint = fingerprint
            self.checksum = checksum
        }
    }

    /// The state after serving, or suspending, what was rendered.
    init(_ rendered: RenderedConfiguration) {
        self = rendered.isSuspended ? .suspended(Served(rendered)) : .serving(Served(rendered))
    }

    /// What is served, or would be; nil where nothing is configured.
    var served: Served? {
        switch self {
        case .serving(let served), .suspended(let served): served
        case .notConfigured, .deleted: nil
        }
    }

    /// Whether it is configured and does not serve.
    var isSuspended: Bool {
        if case .suspended = self { true } else { false }
    }

    /// What is served, or would be.
    ///
    /// - Throws: `DriverError` with the code `notConfigured` or `deleted`.
    func requireServed() throws(DriverError) -> Served {
        if let served { return served }
        throw self == .deleted
            ? DriverError.alreadyDeleted
            : DriverError.nothingConfigured
    }
}

extension DeviceState {
    private static let format = 1

    /// The state as a file.
    var record: [UInt8] {
        var record = StateRecord(format: Self.format)
        switch self {
        case .notConfigured: record.add("phase", .string("notConfigured"))
        case .deleted: record.add("phase", .string("deleted"))
        case .serving(let served), .suspended(let served):
            record.add("phase", .string(isSuspended ? "suspended" : "serving"))
            record.add("fingerprint", .string(served.fingerprint.description))
            record.add("checksum", .string(served.checksum.description))
            for member in served.set.messageMembers { record.add(member.name, member.value) }
        }
        return record.bytes
    }

    /// Reads the state from a file; nil where it is torn or foreign.
    init?(record bytes: [UInt8]) {
        guard let record = StateRecord(bytes, format: Self.format), let phase = record.string("phase") else {
            return nil
        }
        switch phase {
        case "notConfigured": self = .notConfigured
        case "deleted": self = .deleted
        case "serving", "suspended":
            guard let set = LoadBalancerSet(message: bytes),
                let fingerprint = record.string("fingerprint").flatMap(Fingerprint.init),
                let checksum = record.string("checksum").flatMap(Fingerprint.init)
            else { return nil }
            let served = Served(set: set, fingerprint: fingerprint, checksum: checksum)
            self = phase == "serving" ? .serving(served) : .suspended(served)
        default: return nil
        }
    }
}
