// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Says which field of a message breaks which rule.
package struct MessageError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The sentence of the reply's `hpcs_error`: the field by path as it was sent, and what is wrong with it.
    package let description: String

    init(_ path: FieldPath, _ problem: String) {
        description = "\(path) \(problem)"
    }

    /// - Parameter name: A member of the message itself that ``FieldName`` does not have.
    init(member name: String, _ problem: String) { description = "\(name) \(problem)" }

    init(_ path: FieldPath, _ invalid: InvalidValue) {
        let place = path.description
        switch invalid.member {
        case nil: description = "\(place) \(invalid.problem)"
        case .some(let member) where member.hasPrefix("["): description = "\(place)\(member) \(invalid.problem)"
        case .some(let member): description = "\(place).\(member) \(invalid.problem)"
        }
    }
}
