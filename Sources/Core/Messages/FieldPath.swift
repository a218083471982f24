// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The place of a field in a message, such as `loadbalancers[0].nodes[2].port`.
///
/// A path is made for every field that is read and printed for hardly any, so it is a few plain numbers.
struct FieldPath: Hashable, Sendable, CustomStringConvertible {
    /// A name as its number, an index as its complement.
    private var steps: (Int32, Int32, Int32, Int32, Int32) = (0, 0, 0, 0, 0)
    private var depth: Int32 = 0

    /// The message itself.
    static let root = FieldPath()

    /// One step of a path: a name as its number, an index as its complement.
    struct Step {
        fileprivate let number: Int32

        static func name(_ name: FieldName) -> Step { Step(number: Int32(name.rawValue)) }

        static func index(_ index: Int) -> Step { Step(number: ~Int32(clamping: index)) }
    }

    subscript(name: FieldName) -> FieldPath { appending(.name(name)) }

    subscript(index: Int) -> FieldPath { appending(.index(index)) }

    /// The path, with a dot before each name but the first, and each index in brackets.
    var description: String {
        var result = ""
        for step in list {
            if step < 0 {
                result += "[\(~step)]"
            } else if let name = FieldName(rawValue: UInt8(step)) {
                result += (result.isEmpty ? "" : ".") + name.text.description
            }
        }
        return result
    }

    static func == (first: FieldPath, second: FieldPath) -> Bool { first.list == second.list }

    func hash(into hasher: inout Hasher) { hasher.combine(list) }

    private var list: ArraySlice<Int32> { [steps.0, steps.1, steps.2, steps.3, steps.4].prefix(Int(depth)) }

    func appending(_ step: Step) -> FieldPath {
        var path = self
        let step = step.number
        switch depth {
        case 0: path.steps.0 = step
        case 1: path.steps.1 = step
        case 2: path.steps.2 = step
        case 3: path.steps.3 = step
        // The deepest that there is: `loadbalancers[N].nodes[N].NAME`.
        default: path.steps.4 = step
        }
        path.depth = min(depth + 1, 5)
        return path
    }
}
