// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem

/// The committed state of the device.
enum DeviceState: Hashable, Sendable {
    /// No UPDATE has been processed.
    case notConfigured
    /// The load balancers are served.
    case serving(Served)
    /// The configuration is kept but not served.
    case suspended(Served)
    /// DELETE has removed the configuration.
    case deleted

    /// The served or suspended configuration.
    struct Served: Hashable, Sendable {
        /// The load balancers.
        let set: LoadBalancerSet
        /// The fingerprint of the running configuration.
        let fingerprint: Fingerprint
        /// The fingerprint of haproxy.cfg.
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

    /// The state after a rendered configuration is served or suspended.
    init(_ rendered: RenderedConfiguration) {
        self = rendered.isSuspended ? .suspended(Served(rendered)) : .serving(Served(rendered))
    }

    /// The served or suspended configuration; nil if nothing is configured.
    var served: Served? {
        switch self {
        case .serving(let served), .suspended(let served): served
        case .notConfigured, .deleted: nil
        }
    }

    /// Whether the device is suspended.
    var isSuspended: Bool {
        if case .suspended = self { true } else { false }
    }

    /// Whether the device serves.
    var isServing: Bool { if case .serving = self { true } else { false } }

    /// Returns the served or suspended configuration.
    ///
    /// - Throws: `DriverError` with code `notConfigured` or `deleted`.
    func requireServed() throws(DriverError) -> Served {
        if let served { return served }
        throw self == .deleted
            ? DriverError.alreadyDeleted
            : DriverError.nothingConfigured
    }
}

extension DeviceState {
    private static let format = 1

    /// The members of the file in addition to the load balancers, which have the format of an UPDATE.
    private struct Header: Decodable {
        enum Phase: String, Decodable { case notConfigured, serving, suspended, deleted }

        let format: Int
        let phase: Phase
        let fingerprint: String?
        let checksum: String?
    }

    private var phase: Header.Phase {
        switch self {
        case .notConfigured: .notConfigured
        case .deleted: .deleted
        case .serving: .serving
        case .suspended: .suspended
        }
    }

    /// The state as a file: a JSON object with one member per line.
    var record: [UInt8] {
        var members: [JSONFragment.Member] = [
            .init("format", .integer(Int64(Self.format))), .init("phase", .string(phase.rawValue)),
        ]
        if let served {
            members.append(.init("fingerprint", .string(served.fingerprint.description)))
            members.append(.init("checksum", .string(served.checksum.description)))
            members += served.set.messageMembers
        }
        var bytes = Array("{\n".utf8)
        for (index, member) in members.enumerated() {
            if index > 0 { bytes += Array(",\n".utf8) }
            member.write(to: &bytes)
        }
        return bytes + Array("\n}\n".utf8)
    }

    /// Parses a state file, with any white space and any order of its members.
    ///
    /// - Returns: nil if a member is missing, has another type or is out of range, or if the format is not known.
    init?(record bytes: [UInt8]) {
        guard let header = StateFile.decode(Header.self, from: bytes), header.format == Self.format else { return nil }
        switch header.phase {
        case .notConfigured: self = .notConfigured
        case .deleted: self = .deleted
        case .serving, .suspended:
            guard let set = LoadBalancerSet(message: bytes),
                let fingerprint = header.fingerprint.flatMap(Fingerprint.init),
                let checksum = header.checksum.flatMap(Fingerprint.init)
            else { return nil }
            let served = Served(set: set, fingerprint: fingerprint, checksum: checksum)
            self = header.phase == .serving ? .serving(served) : .suspended(served)
        }
    }
}
