// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// An error for an invalid field of a message.
package struct MessageError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The field's path, as sent.
    package let field: String
    /// The problem, as the end of a sentence that begins with the field.
    private let problem: String

    /// The value of the reply's `hpcs_error`.
    package var description: String { "\(field) \(problem)" }

    init(_ path: FieldPath, _ problem: String) { self.init(member: path.description, problem) }

    /// - Parameter name: A top-level member whose name ``FieldName`` does not contain.
    init(member name: String, _ problem: String) {
        field = name
        self.problem = problem
    }

    init(_ path: FieldPath, _ invalid: InvalidValue) {
        let place = path.description
        switch invalid.member {
        case nil: self.init(member: place, invalid.problem)
        case .some(let member) where member.hasPrefix("["): self.init(member: place + member, invalid.problem)
        case .some(let member): self.init(member: "\(place).\(member)", invalid.problem)
        }
    }
}
