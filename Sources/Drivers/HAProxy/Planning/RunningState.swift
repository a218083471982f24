// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// What HAProxy runs now, as far as a plan needs it.
struct RunningState: Sendable {
    /// What it was loaded with, and changed to since; nil where it runs another configuration, or an unknown one.
    let configuration: RenderedConfiguration?
    /// Its servers, in its order.
    let servers: [RunningServer]
    /// The front ends that another program has opened or closed.
    let misplacedFrontends: [MeteredProtocol]
    /// Whether the configuration that was loaded disables the front ends: no command opens those.
    let hasDisabledFrontends: Bool

    /// What would run, had this been loaded: for a plan without an HAProxy.
    init(loaded configuration: RenderedConfiguration) {
        self.init(configuration: configuration, servers: configuration.servers.map(RunningServer.init))
    }

    init(
        configuration: RenderedConfiguration?,
        servers: [RunningServer],
        misplacedFrontends: [MeteredProtocol] = [],
        hasDisabledFrontends: Bool = false
    ) {
        self.configuration = configuration
        self.servers = servers
        self.misplacedFrontends = misplacedFrontends
        self.hasDisabledFrontends = hasDisabledFrontends
    }
}
