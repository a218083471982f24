// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// UPDATEs of every kind in sequence; after each, at least two nodes accept new clients.
///
/// The cost of each is known in advance, whether or not HAProxy has deleted the removed nodes: a node that is added
/// again has its old role, and so can be added or restored, both by commands.
struct ChangeSequence {
    /// The cost of an UPDATE of this kind.
    enum Cost { case nothing, commands, reload }

    struct Step {
        let name: String
        let cost: Cost
        let set: LoadBalancerSet
    }

    /// A node and its changed parameters.
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

    /// The addresses of the nodes.
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
    ///   - nodePorts: Two ports, on which nodes listen at all ``addresses``.
    ///   - tcpPorts: Two free ports.
    init(_ device: DeviceUnderTest, nodePorts: [Int], tcpPorts: [Int]) {
        self.device = device
        self.nodePorts = nodePorts
        self.tcpPorts = tcpPorts
        members = (1...3).map { Member(number: $0, port: nodePorts[0]) }
    }

    /// The load balancers before the first change.
    func begin() throws -> LoadBalancerSet { try set() }

    /// The given number of rounds of all kinds; each round changes a different node, algorithm and monitor.
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
        // A different node in each round; the fourth is added and removed after these three.
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
            // A unique address for each node, whatever its port: shared addresses are another case.
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
