// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The property that an input violates.
struct FuzzFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    /// - Throws: `FuzzFailure` if the property does not hold.
    static func require(_ holds: Bool, _ property: @autoclosure () -> String) throws {
        guard holds else { throw FuzzFailure(property()) }
    }

    /// - Throws: `FuzzFailure` if the values differ.
    static func requireEqual<Value: Equatable>(_ one: Value, _ other: Value, _ property: String) throws {
        guard one == other else { throw FuzzFailure("\(property): \(one) is not \(other)") }
    }
}
