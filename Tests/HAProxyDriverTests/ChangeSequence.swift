// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// UPDATEs of every kind, one after the other; at least two nodes take new clients after each.
///
/// What each takes is known beforehand, whether or not HAProxy has let go of the nodes that were removed: a node that
/// comes back has the role that it had, and may so be added again or brought back, both of which HAProxy can be told.
struct ChangeSequence {
    /// What an UPDATE of its kind takes.
    enum Cost { case nothing, commands, reload }

    struct Step {
        let name: String
        let cost: Cost
        let set: LoadBalancerSet
    }

    /// A node, and what of it is changed.
    private struct Member {
        let number: Int
        var isElsewhere = false
        var hasName = false
        var port: Int
        var weight = 1
        var isBackup = false
        var condition = NodeCondition.enabled
    }

    /// The changes of a round, in this order.
    enum Kind: String, CaseIterable {
        case weight, drain, endOfDrain, disable, enable, address, port, addition, removal, options, additionAgain
        case monitor, removalOfBusy, returnOfBusy, algorithm, removalAgain, tcpAddition, weightInBoth, tcpPort
        case tcpRemoval, backup, endOfBackup, equal, hostName, endOfHostName

        var cost: Cost {
            switch self {
            case .equal: .nothing
            case .options, .monitor, .algorithm, .tcpAddition, .tcpPort, .tcpRemoval, .backup, .endOfBackup,
                .hostName, .endOfHostName:
                .reload
            default: .commands
            }
        }
    }

    /// Where the nodes are.
    static let addresses = ["localhost"] + (1...4).flatMap { ["127.0.0.1\($0)", "127.0.0.2\($0)"] }

    private let device: DeviceUnderTest
    private let nodePorts: [Int]
    private let tcpPorts: [Int]
    private var members: [Member]
    private var removed: Member?
    private var algorithm = BalancingAlgorithm.roundRobin
    private var monitor = HealthMonitor.standard
    private var options = ConnectionOptions.standard
    private var tcpPort: Int?

    /// - Parameters:
    ///   - nodePorts: Two, on which there are nodes at all ``addresses``.
    ///   - tcpPorts: Two that are free.
    init(_ device: DeviceUnderTest, nodePorts: [Int], tcpPorts: [Int]) {
        self.device = device
        self.nodePorts = nodePorts
        self.tcpPorts = tcpPorts
        members = (1...3).map { Member(number: $0, port: nodePorts[0]) }
    }

    /// What there is before the first change.
    func begin() throws -> LoadBalancerSet { try set() }

    /// So many rounds of all kinds; each round is about another node, algorithm and monitor than the one before.
    mutating func steps(rounds: Int) throws -> [Step] {
        var steps: [Step] = []
        for round in 0..<rounds {
            for kind in Kind.allCases {
                try make(kind, round)
                steps.append(Step(name: "\(kind) of round \(round)", cost: kind.cost, set: try set()))
            }
        }
        return steps
    }

    private mutating func make(_ kind: Kind, _ round: Int) throws {
        // Another one in each round; the fourth comes and goes behind these three.
        let place = round % 3
        switch kind {
        case .weight: members[place].weight = members[place].weight == 1 ? 7 : 1
        case .drain: members[place].condition = .draining
        case .disable: members[place].condition = .disabled
        case .endOfDrain, .enable: members[place].condition = .enabled
        case .address: members[place].isElsewhere.toggle()
        case .port: members[place].port = nodePorts[members[place].port == nodePorts[0] ? 1 : 0]
        case .addition, .additionAgain: members.append(Member(number: 4, port: nodePorts[0]))
        case .removal, .removalAgain: members.removeLast()
        case .removalOfBusy: removed = members.remove(at: place)
        case .returnOfBusy: if let removed { members.insert(removed, at: place) }
        case .options: options = try ConnectionOptions(clientTimeout: 31_000 + round)
        case .monitor:
            let kind = round % 2 == 0 ? HealthMonitor.Kind.http : .connect
            monitor = try HealthMonitor(kind: kind, delay: 5, timeout: 5, attempts: 3)
        case .algorithm: algorithm = BalancingAlgorithm.allCases[(round + 1) % 3]
        case .tcpAddition: tcpPort = tcpPorts[0]
        case .tcpPort: tcpPort = tcpPorts[1]
        case .tcpRemoval: tcpPort = nil
        case .weightInBoth: members[place].weight += 2
        case .backup: members[place].isBackup = true
        case .endOfBackup: members[place].isBackup = false
        case .equal: break
        case .hostName: members[place].hasName = true
        case .endOfHostName: members[place].hasName = false
        }
    }

    private func set() throws -> LoadBalancerSet {
        let nodes = try members.map { member in
            // An address of its own, whatever its port: nodes that share one are another matter.
            let address = "127.0.0.\(member.isElsewhere ? 2 : 1)\(member.number)"
            return try Node(
                id: Identifier("\(member.number)"),
                address: HostAddress(member.hasName ? "localhost" : address),
                port: Port(member.port),
                weight: member.weight,
                isBackup: member.isBackup,
                condition: member.condition
            )
        }
        let http = try device.http(nodes, monitor: monitor, algorithm: algorithm, options: options)
        guard let tcpPort else { return try LoadBalancerSet([http]) }
        return try LoadBalancerSet([http, device.tcp(nodes, port: tcpPort)])
    }
}
