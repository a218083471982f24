// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The state of the running HAProxy that a plan depends on.
struct RunningState: Sendable {
    /// The configuration that it loaded, with all changes since; nil if it is another program's or unknown.
    let configuration: RenderedConfiguration?
    /// Its servers, in its order.
    let servers: [RunningServer]
    /// The front ends that another program has opened or closed.
    let misplacedFrontends: [LoadBalancerKey]
    /// Whether the loaded file disables the front ends: no command can open those.
    let hasDisabledFrontends: Bool
    /// What another program has done to certificates.
    let certificateFaults: [HAProxyWord: SlotFault]

    /// The state right after this configuration was loaded: for a plan without an HAProxy.
    init(loaded configuration: RenderedConfiguration) {
        self.init(configuration: configuration, servers: configuration.servers.map(RunningServer.init))
    }

    init(
        configuration: RenderedConfiguration?,
        servers: [RunningServer],
        misplacedFrontends: [LoadBalancerKey] = [],
        hasDisabledFrontends: Bool = false,
        certificateFaults: [HAProxyWord: SlotFault] = [:]
    ) {
        self.configuration = configuration
        self.servers = servers
        self.misplacedFrontends = misplacedFrontends
        self.hasDisabledFrontends = hasDisabledFrontends
        self.certificateFaults = certificateFaults
    }
}
