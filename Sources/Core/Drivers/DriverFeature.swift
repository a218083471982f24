// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Something that a driver can do with an UPDATE beyond the first version of the messages: an element of DISCOVER's
/// `features`.
public struct DriverFeature: Hashable, Sendable, CustomStringConvertible {
    /// The word in the reply: lower-case letters, digits and `_`.
    public let description: String

    /// Creates a feature of a driver's own.
    public init(_ word: StaticString) { description = word.description }

    /// The protocols TERMINATED_HTTPS and HTTPS, and `redirect_to_https`.
    public static let tlsTermination = DriverFeature("tls_termination")
    /// Certificates that change without a reload.
    public static let certificateRotation = DriverFeature("certificate_rotation")
    /// Checks of the types HTTPS and TLS-HELLO, their other fields, and a node's `monitor_address` and `monitor_port`.
    public static let monitors = DriverFeature("monitors")
    /// `connection_limit` and `rate_limit`.
    public static let limits = DriverFeature("limits")
    /// `allowed_cidrs`.
    public static let allowedNetworks = DriverFeature("allowed_cidrs")
    /// `accept_proxy_protocol`, `proxy_protocol` and `source_address`.
    public static let proxyProtocol = DriverFeature("proxy_protocol")
    /// The time-outs of `options` other than those of the first version.
    public static let timeouts = DriverFeature("timeouts")

    /// `pools`, `l7policies`, `insert_headers` and `error_pages`.
    public static let routing = DriverFeature("routing")
    /// `session_persistence`.
    public static let sessionPersistence = DriverFeature("session_persistence")
    /// More than two load balancers, or two of one kind, each with an id.
    public static let manyLoadBalancers = DriverFeature("many_load_balancers")
    /// `tls_enabled` and the fields that belong to it.
    public static let tlsToNodes = DriverFeature("tls_to_nodes")

    /// All of these.
    package static let all: [DriverFeature] = [
        .tlsTermination, .certificateRotation, .monitors, .limits, .allowedNetworks, .proxyProtocol, .timeouts,
        .routing, .sessionPersistence, .manyLoadBalancers, .tlsToNodes,
    ]
}
