// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The two kinds of traffic, metered and logged separately; a device has at most one load balancer of each.
public enum MeteredProtocol: String, CaseIterable, Codable, CodingKeyRepresentable, Hashable, Sendable {
    /// HTTP load balancers.
    case http
    /// TCP and GALERA load balancers.
    case tcp
}
