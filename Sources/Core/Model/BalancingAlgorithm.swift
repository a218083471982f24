// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The balancing algorithm: the field `algorithm`.
public enum BalancingAlgorithm: String, NamedChoice {
    /// In turn, by weight.
    case roundRobin = "ROUND_ROBIN"
    /// To the node with the fewest connections.
    case leastConnections = "LEAST_CONNECTIONS"
    /// By a hash of the client's address, so that a client reaches the same node again.
    case sourceIP = "SOURCE_IP"
}
