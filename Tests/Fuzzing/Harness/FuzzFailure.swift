// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Says which property an input breaks.
struct FuzzFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    /// - Throws: `FuzzFailure` where the property does not hold.
    static func require(_ holds: Bool, _ property: @autoclosure () -> String) throws {
        guard holds else { throw FuzzFailure(property()) }
    }

    /// - Throws: `FuzzFailure` where the values are not equal.
    static func requireEqual<Value: Equatable>(_ one: Value, _ other: Value, _ property: String) throws {
        guard one == other else { throw FuzzFailure("\(property): \(one) is not \(other)") }
    }
}
