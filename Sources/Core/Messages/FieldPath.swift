// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The place of a field in a message, such as `loadbalancers[0].nodes[2].port`.
///
/// A path is made for every field that is read and printed for hardly any, so it holds no string of its own.
public struct FieldPath: Hashable, Sendable, CustomStringConvertible {
    private enum Step: Hashable, Sendable {
        case none
        case name(KnownName)
        case index(Int)
    }

    /// A member's name, as a literal of this program.
    struct KnownName: Hashable, Sendable {
        let text: StaticString

        static func == (first: KnownName, second: KnownName) -> Bool {
            first.text.description == second.text.description
        }
        func hash(into hasher: inout Hasher) { hasher.combine(text.description) }
    }

    /// The deepest is `loadbalancers[N].nodes[N].NAME`.
    private var steps: (Step, Step, Step, Step, Step) = (.none, .none, .none, .none, .none)
    private var depth = 0

    /// The message itself.
    static let root = FieldPath()

    subscript(name: StaticString) -> FieldPath { appending(.name(KnownName(text: name))) }

    subscript(index: Int) -> FieldPath { appending(.index(index)) }

    /// The path, with a dot before each name but the first, and each index in brackets.
    public var description: String {
        var result = ""
        for step in list {
            switch step {
            case .none: break
            case .name(let name): result += (result.isEmpty ? "" : ".") + name.text.description
            case .index(let index): result += "[\(index)]"
            }
        }
        return result
    }

    /// Whether two paths name the same field.
    public static func == (first: FieldPath, second: FieldPath) -> Bool { first.list == second.list }

    /// Feeds the path's steps to a hasher.
    public func hash(into hasher: inout Hasher) { hasher.combine(list) }

    private var list: [Step] { [steps.0, steps.1, steps.2, steps.3, steps.4] }

    private func appending(_ step: Step) -> FieldPath {
        var path = self
        switch depth {
        case 0: path.steps.0 = step
        case 1: path.steps.1 = step
        case 2: path.steps.2 = step
        case 3: path.steps.3 = step
        case 4: path.steps.4 = step
        default: preconditionFailure("no message has fields this deep")
        }
        path.depth += 1
        return path
    }
}
