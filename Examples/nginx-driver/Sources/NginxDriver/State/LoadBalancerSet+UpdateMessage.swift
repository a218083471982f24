// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

extension LoadBalancerSet {
    /// The members of an UPDATE that asks for these load balancers: the format that they are stored in.
    var updateMembers: [JSONFragment.Member] {
        [.init("hpcs_action", .string("UPDATE"))]
            + (version.map { [.init("config_version", .integer(Int64($0.number)))] } ?? [])
            + [.init("loadbalancers", .array(loadBalancers.map(\.json)))]
    }

    /// Reads the load balancers of an UPDATE.
    ///
    /// - Returns: nil for any other document.
    init?(updateMessage document: JSONDocument) {
        let limits = MessageLimits(messageBytes: .max, nodeCount: .max)
        guard let message = try? Message(document, limits: limits), case .update(let set) = message.action else {
            return nil
        }
        self = set
    }
}

extension LoadBalancer {
    fileprivate var json: JSONFragment {
        .object(
            (id.map { [.init("id", .string($0.description))] } ?? [])
                + (address.map { [.init("address", .string($0.description))] } ?? [])
                + [
                    .init("protocol", .string(self.protocol.rawValue)),
                    .init("port", .integer(Int64(port.number))),
                    .init("algorithm", .string(algorithm.rawValue)),
                    .init("monitor", monitor.json),
                    .init("options", options.json),
                    .init("nodes", .array(nodes.map(\.json))),
                ]
        )
    }
}

extension HealthMonitor {
    fileprivate var json: JSONFragment {
        .object([
            .init("type", .string(kind.rawValue)),
            .init("delay", .integer(Int64(delay))),
            .init("timeout", .integer(Int64(timeout))),
            .init("attempts", .integer(Int64(attempts))),
            .init("path", .string(path.description)),
        ])
    }
}

extension ConnectionOptions {
    fileprivate var json: JSONFragment {
        .object([
            .init("client_timeout", .integer(Int64(clientTimeout))),
            .init("server_timeout", .integer(Int64(serverTimeout))),
            .init("connect_timeout", .integer(Int64(connectTimeout))),
            .init("connect_retries", .integer(Int64(connectRetries))),
        ])
    }
}

extension Node {
    fileprivate var json: JSONFragment {
        .object([
            .init("id", .string(id.description)),
            .init("address", .string(address.description)),
            .init("port", .integer(Int64(port.number))),
            .init("weight", .integer(Int64(weight))),
            .init("backup", .boolean(isBackup)),
            .init("condition", .string(condition.rawValue)),
        ])
    }
}
