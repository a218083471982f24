// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Says why a scenario cannot be used.
struct ScenarioError: Error, Hashable, Sendable, CustomStringConvertible {
    /// One sentence without a full stop, with the field at fault.
    let description: String

    init(_ description: String) { self.description = description }
}
