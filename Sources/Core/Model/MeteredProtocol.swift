// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The two kinds of traffic that are metered and logged apart; a device has at most one load balancer of each.
public enum MeteredProtocol: String, CaseIterable, Codable, CodingKeyRepresentable, Hashable, Sendable {
    /// What an HTTP load balancer served.
    case http
    /// What a TCP or GALERA load balancer served.
    case tcp
}
