// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem

/// The state that the last change has committed.
enum DeviceState: Hashable, Sendable {
    /// No UPDATE has come.
    case notConfigured
    /// It serves.
    case serving(Served)
    /// It keeps the configuration and does not serve.
    case suspended(Served)
    /// DELETE has removed the configuration.
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

    /// What is served, or would be; nil if nothing is configured.
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

    /// Whether it serves.
    var isServing: Bool { if case .serving = self { true } else { false } }

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

    /// What the file says besides the load balancers, which are members of an UPDATE.
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

    /// The state as a file: a JSON object with one member to a line.
    var record: [UInt8] {
        var members: [JSONFragment.Member] = [
            .init("format", .integer(Int64(Self.format))), .init("phase", .string(phase.rawValue)),
        ]
        if let served {
            members.append(.init("fingerprint", .string(served.fingerprint.description)))
            members.append(.init("checksum", .string(served.checksum.description)))
            members += served.set.messageMembers
        }
        let lines = members.map { JSONFragment.object([$0]).json.dropFirst().dropLast() }
        return Array("{\n".utf8) + lines.joined(separator: Array(",\n".utf8)) + Array("\n}\n".utf8)
    }

    /// Reads the state from a file, whatever its white space and the order of its members.
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
