// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// What a store says of an object that it has had for some time.
public struct FoundObject: Hashable, Sendable {
    /// The content's bytes, whether in one piece or in segments.
    public let byteCount: UInt64

    /// Creates a description of an object.
    public init(byteCount: UInt64) { self.byteCount = byteCount }
}
