// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// A server in the running HAProxy.
struct RunningServer: Hashable, Sendable {
    let name: ServerName
    /// nil if HAProxy has not resolved it yet.
    let address: IPAddress?
    let port: Int
    let weight: Int
    let isDisabled: Bool
    /// Whether an operator has set it to drain.
    let isDrained: Bool
    let isUp: Bool
    /// The address of its checks; nil for its own.
    let checkAddress: IPAddress?
    /// The port of its checks; nil for its own.
    let checkPort: Int?

    init(
        name: ServerName,
        address: IPAddress?,
        port: Int,
        weight: Int,
        isDisabled: Bool,
        isDrained: Bool = false,
        isUp: Bool = true,
        checkAddress: IPAddress? = nil,
        checkPort: Int? = nil
    ) {
        self.name = name
        self.address = address
        self.port = port
        self.weight = weight
        self.isDisabled = isDisabled
        self.isDrained = isDrained
        self.isUp = isUp
        self.checkAddress = checkAddress
        self.checkPort = checkPort
    }

    /// The initial state of a configured server.
    init(_ server: ProxyServer) {
        self.init(
            name: server.name,
            address: server.fixedAddress ?? server.initialAddress,
            port: Int(server.port.number),
            weight: server.weight,
            isDisabled: server.isDisabled,
            checkAddress: server.check.address,
            checkPort: server.check.port.map { Int($0.number) }
        )
    }
}

extension ProxyServer {
    /// Its address for a command, which accepts no host name.
    var currentAddress: HostAddress { fixedAddress.map(HostAddress.ip) ?? address }

    /// Its address, unless HAProxy resolves it.
    var fixedAddress: IPAddress? {
        if case .ip(let address) = address { address } else { asksDNS ? nil : initialAddress }
    }
}
