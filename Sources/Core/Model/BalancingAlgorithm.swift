// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// How a load balancer spreads its load over its nodes: the field `algorithm`.
public enum BalancingAlgorithm: String, NamedChoice {
    /// In turn, by weight.
    case roundRobin = "ROUND_ROBIN"
    /// To the node with the fewest connections.
    case leastConnections = "LEAST_CONNECTIONS"
    /// By the client's address, so that a client meets the same node again.
    case sourceIP = "SOURCE_IP"
}
