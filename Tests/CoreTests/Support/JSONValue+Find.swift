// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

@testable import SteelyardCore

extension JSONValue {
    /// The result of a search for a member.
    enum Search {
        case nothing
        case one(JSONValue)
        case several
    }

    /// Finds a member of an object by its name.
    func find(_ name: String) -> Search {
        var found = Search.nothing
        forEachMember { candidate, value in
            guard candidate.equals(name) else { return }
            if case .nothing = found { found = .one(value) } else { found = .several }
        }
        return found
    }
}
