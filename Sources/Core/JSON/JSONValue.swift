// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// One value within a ``JSONDocument``.
package struct JSONValue: Sendable {
    let document: JSONDocument
    let index: Int

    private var node: JSONNode { document.nodes[index] }

    var kind: JSONNode.Kind { node.kind }

    /// The value's source text; for a string, the text between the quotes, with escape sequences.
    var text: ArraySlice<UInt8> { document.text(of: node) }

    /// The elements of an array, in order.
    var elements: JSONElements { JSONElements(value: self) }

    /// The number of members or elements of an object or array.
    var count: Int { Int(node.count) }

    /// Calls a closure with each member of an object, in order.
    func forEachMember<Failure: Error>(_ body: (JSONName, JSONValue) throws(Failure) -> Void) throws(Failure) {
        var index = self.index + 1
        let end = Int(node.next)
        while index < end {
            let value = JSONValue(document: document, index: index)
            try body(JSONName(document: document, node: value.node.nameNode), value)
            index = value.nextIndex
        }
    }

    /// The string with its escape sequences resolved; nil if it is not a string or contains an unpaired surrogate.
    package var string: String? {
        switch kind {
        case .string: String(decoding: text, as: UTF8.self)
        case .escapedString: JSONEscapes.resolve(text)
        default: nil
        }
    }

    /// Returns an object's string member; nil if there is none.
    ///
    /// - Parameter name: The member's name. If it is repeated, the last member counts.
    package func string(of name: StaticString) -> String? {
        var result: String?
        if kind == .object { forEachMember { if $0.equals(name.description) { result = $1.string } } }
        return result
    }

    /// The index of the first node after this value.
    var nextIndex: Int { Int(node.next) }
}

/// The elements of a JSON array.
struct JSONElements: Sequence, IteratorProtocol {
    private let document: JSONDocument
    private var index: Int
    private let end: Int

    init(value: JSONValue) {
        document = value.document
        index = value.index + 1
        end = value.nextIndex
    }

    mutating func next() -> JSONValue? {
        guard index < end else { return nil }
        let value = JSONValue(document: document, index: index)
        index = value.nextIndex
        return value
    }
}
