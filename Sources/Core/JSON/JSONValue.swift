// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// One value within a ``JSONDocument``.
package struct JSONValue: Sendable {
    let document: JSONDocument
    let index: Int

    private var node: JSONNode { document.nodes[index] }

    var kind: JSONNode.Kind { node.kind }

    /// The value's own text; for a string, what stands within the quotes, escape sequences and all.
    var text: ArraySlice<UInt8> { document.text(of: node) }

    /// The elements of an array, in order.
    var elements: JSONElements { JSONElements(value: self) }

    /// How many members or elements an object or array has.
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

    /// The string, its escape sequences resolved; nil where it is no string or has half of a surrogate pair.
    package var string: String? {
        switch kind {
        case .string: String(decoding: text, as: UTF8.self)
        case .escapedString: JSONEscapes.resolve(text)
        default: nil
        }
    }

    /// The string member of that name of an object; nil where there is none.
    ///
    /// - Parameter name: The member's name. Where the object has it twice, the last counts.
    package func string(of name: StaticString) -> String? {
        var result: String?
        if kind == .object { forEachMember { if $0.equals(name.description) { result = $1.string } } }
        return result
    }

    /// The index of the first node that is no part of this value.
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
