// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A part of a log that was not archived, and why.
public struct LeftOutLog: Hashable, Sendable {
    /// The file's path, or the driver's description.
    public let file: String
    /// The reason, and what to do: one sentence without a full stop.
    public let reason: String

    /// Creates a description.
    public init(file: String, reason: String) {
        self.file = file
        self.reason = reason
    }

    /// The entry in the reply's `left_out`.
    var json: JSONFragment { .object([.init("file", .string(file)), .init("reason", .string(reason))]) }
}
