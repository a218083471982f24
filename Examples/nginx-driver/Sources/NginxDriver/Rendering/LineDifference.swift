// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The lines that a change removes and adds.
struct LineDifference: CustomStringConvertible {
    let description: String

    init(from old: [String], to new: [String]) {
        let difference = new.difference(from: old)
        let lines = (difference.removals + difference.insertions).map { step in
            switch step {
            case .remove(_, let line, _): "- \(line)"
            case .insert(_, let line, _): "+ \(line)"
            }
        }
        description = lines.joined(separator: "\n")
    }
}
