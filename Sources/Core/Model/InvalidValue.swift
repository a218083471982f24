// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// An error for an invalid value.
public struct InvalidValue: Error, Hashable, Sendable, CustomStringConvertible {
    /// The member at fault, relative to the value; nil for the value itself.
    public let member: String?
    /// The problem, as the end of a sentence that begins with the field's name: "must be …".
    public let problem: String

    /// Creates an error.
    public init(_ problem: String, member: String? = nil) {
        self.member = member
        self.problem = problem
    }

    /// The sentence, without the name of the value.
    public var description: String { "\(member ?? "the value") \(problem)" }

    @inline(__always)
    static func requireRange(_ value: Int, _ range: ClosedRange<Int>, _ member: String? = nil) throws(InvalidValue) {
        guard range.contains(value) else { throw outside(range, value, member) }
    }

    private static func outside(_ range: ClosedRange<Int>, _ value: Int, _ member: String?) -> InvalidValue {
        InvalidValue(
            "must be a whole number from \(range.lowerBound) to \(range.upperBound), not \(value)",
            member: member
        )
    }
}
