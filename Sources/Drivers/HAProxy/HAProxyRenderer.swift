// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

public import SteelyardCore

/// Writes the configuration that makes HAProxy serve what a message asks for.
public struct HAProxyRenderer: Sendable {
    private let configuration: HAProxyConfiguration

    /// Creates a renderer.
    ///
    /// - Parameter configuration: How HAProxy is run.
    public init(_ configuration: HAProxyConfiguration) {
        self.configuration = configuration
    }

    /// The text of haproxy.cfg.
    ///
    /// - Parameter wanted: What is to be served.
    public func render(_ wanted: LoadBalancerSet) -> String {
        ""
    }
}
