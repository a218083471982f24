// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A TCP port, 1 to 65535.
public struct Port: Hashable, Sendable, CustomStringConvertible {
    /// The port's number.
    public let number: UInt16

    /// Validates a port.
    ///
    /// - Throws: `InvalidValue` outside 1 to 65535.
    public init(_ number: Int) throws(InvalidValue) {
        try InvalidValue.requireRange(number, 1...65535)
        self.number = UInt16(number)
    }

    private init(known number: UInt16) { self.number = number }

    /// The HTTP port, 80.
    public static let http = Port(known: 80)

    /// The HTTPS port, 443.
    public static let https = Port(known: 443)

    /// The number in decimal digits.
    public var description: String { String(number) }
}
