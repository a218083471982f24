// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// One object of a scenario file, whose members are read one after the other.
struct ScenarioObject {
    /// The object's place in the file, such as `nodes[0]`; empty for the file itself.
    private let path: String
    private var members: [String: SettingValue]
    private var names: [String] = []

    /// - Throws: `ScenarioError` for anything but an object.
    init(_ value: SettingValue, at path: String = "") throws(ScenarioError) {
        guard case .object(let members) = value else {
            throw ScenarioError(path.isEmpty ? "must be an object" : "\(path) must be an object")
        }
        self.path = path
        self.members = members
    }

    /// Reads a member.
    ///
    /// - Returns: nil if it is absent or null.
    /// - Throws: `ScenarioError` with the member's path.
    mutating func value<Value>(
        _ name: String,
        _ read: (SettingValue) throws(InvalidValue) -> Value
    ) throws(ScenarioError) -> Value? {
        guard let value = take(name) else { return nil }
        do throws(InvalidValue) { return try read(value) } catch {
            throw ScenarioError("\(place(of: name)) \(error.problem)")
        }
    }

    /// Reads a member that is a list of objects.
    ///
    /// - Returns: What each object means; nothing if the member is absent or null.
    /// - Throws: `ScenarioError` with the path of the member, or of the field within it.
    mutating func list<Element>(
        _ name: String,
        _ read: (inout ScenarioObject) throws(ScenarioError) -> Element
    ) throws(ScenarioError) -> [Element] {
        guard let value = take(name) else { return [] }
        let path = place(of: name)
        guard case .list(let values) = value else { throw ScenarioError("\(path) must be a list") }
        var elements: [Element] = []
        for (index, value) in values.enumerated() {
            var object = try ScenarioObject(value, at: "\(path)[\(index)]")
            elements.append(try read(&object))
            try object.requireNothingElse()
        }
        return elements
    }

    /// Checks that every member has been read.
    ///
    /// - Throws: `ScenarioError` for the first other member in alphabetical order.
    func requireNothingElse() throws(ScenarioError) {
        guard let name = members.keys.min() else { return }
        throw ScenarioError("\(place(of: Excerpt.line(name))) is unknown; known are \(names.joined(separator: ", "))")
    }

    /// An error about the whole object.
    func error(_ problem: String) -> ScenarioError { ScenarioError("\(path) \(problem)") }

    private mutating func take(_ name: String) -> SettingValue? {
        names.append(name)
        guard let value = members.removeValue(forKey: name), value != .null else { return nil }
        return value
    }

    private func place(of name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
}
