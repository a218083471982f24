// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A JSON object (RFC 8259), fully validated and indexed in one pass, with its original bytes.
///
/// A reply is the request's bytes with added fields, so the parser must return the range of each value, not a tree of
/// copies; and the cost of a hostile payload must be linear in its size. A general decoder provides neither: it
/// discards the ranges, recurses as deep as the input, and is about 30 times slower.
package final class JSONDocument: Sendable {
    /// The original payload.
    let bytes: [UInt8]
    /// Every value, ordered by its start; the first is the object itself.
    let nodes: [JSONNode]

    /// The maximum nesting depth of objects and arrays.
    package static let maximumDepth = 64

    /// Indexes a payload.
    ///
    /// - Parameter bytes: The payload: one JSON object, surrounded only by white space.
    /// - Throws: `JSONSyntaxError` for anything else, including invalid UTF-8.
    package init(_ bytes: [UInt8]) throws(JSONSyntaxError) {
        guard bytes.count <= Int(Int32.max) else { throw JSONSyntaxError("larger than 2 GiB", at: 0) }
        var scanner = JSONScanner(count: bytes.count)
        try scanner.scan(bytes.span)
        self.bytes = bytes
        self.nodes = scanner.nodes
    }

    /// The top-level object.
    package var root: JSONValue { JSONValue(document: self, index: 0) }

    func text(of node: JSONNode) -> ArraySlice<UInt8> { bytes[node.range] }
}
