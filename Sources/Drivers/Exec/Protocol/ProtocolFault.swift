// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A violation of the protocol by a driver program; none of its further output can be trusted.
struct ProtocolFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The violation, as a predicate of "the driver program".
    let description: String

    init(_ description: String) { self.description = description }
}
