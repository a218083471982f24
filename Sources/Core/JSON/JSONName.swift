// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The name of an object's member.
struct JSONName {
    let document: JSONDocument
    let node: JSONNode

    /// The offset of the quote that begins the name.
    var startWithQuote: Int { Int(node.start) - 1 }

    /// Whether the name is the one given, escape sequences resolved.
    func equals(_ other: String) -> Bool {
        let text = document.text(of: node)
        return node.kind == .escapedName ? JSONEscapes.resolve(text) == other : text.elementsEqual(other.utf8)
    }
}
