// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The name of a member of an object.
struct JSONName {
    let document: JSONDocument
    let node: JSONNode

    /// Whether the name, with its escape sequences resolved, equals a string.
    func equals(_ other: String) -> Bool {
        if node.kind == .escapedName { return JSONEscapes.matches(document.text(of: node), other.utf8) }
        return Int(node.end - node.start) == other.utf8.count && document.text(of: node).elementsEqual(other.utf8)
    }
}
