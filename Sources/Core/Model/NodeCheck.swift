// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Where a node is checked, if not at its own address and port.
public struct NodeCheck: Hashable, Sendable {
    /// The address to check: the field `monitor_address`; nil for the node's own.
    public let address: IPAddress?
    /// The port to check: the field `monitor_port`; nil for the node's own.
    public let port: Port?

    /// The default: the node's own address and port.
    public static let standard = NodeCheck(known: nil, nil)

    private init(known address: IPAddress?, _ port: Port?) {
        self.address = address
        self.port = port
    }

    /// Creates a place for checks.
    ///
    /// - Throws: `InvalidValue` for an unspecified, multicast or broadcast address.
    public init(address: IPAddress? = nil, port: Port? = nil) throws(InvalidValue) {
        if let address {
            do throws(InvalidValue) { try address.requireNode() } catch {
                throw InvalidValue(error.problem, member: "monitor_address")
            }
        }
        self.init(known: address, port)
    }
}
