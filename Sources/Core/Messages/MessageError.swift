// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Says which field of a message breaks which rule.
package struct MessageError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The field by path, as it was sent.
    package let field: String
    /// What is wrong, as the end of a sentence that begins with the field.
    private let problem: String

    /// The sentence of the reply's `hpcs_error`.
    package var description: String { "\(field) \(problem)" }

    init(_ path: FieldPath, _ problem: String) { self.init(member: path.description, problem) }

    /// - Parameter name: A member of the message itself that ``FieldName`` does not have.
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
