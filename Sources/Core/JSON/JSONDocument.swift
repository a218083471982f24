// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A JSON object (RFC 8259) that was checked in full and indexed in one pass, together with the bytes it came from.
///
/// A reply is the request's own bytes with fields added, so what is needed of a parser is where each value begins and
/// ends, not a tree of copies; and a hostile payload must cost no more than its length. A general decoder gives neither:
/// it forgets the positions, recurses as deep as the input asks, and takes some 30 times as long.
package final class JSONDocument: Sendable {
    /// The payload, exactly as it arrived.
    let bytes: [UInt8]
    /// Every value in the order in which they begin; the first is the object itself.
    let nodes: [JSONNode]

    /// The greatest number of objects and arrays within one another that a message may have.
    package static let maximumDepth = 64

    /// Indexes a payload.
    ///
    /// - Parameter bytes: The payload: one JSON object, with nothing but white space around it.
    /// - Throws: `JSONSyntaxError` for anything else, including bytes that are not UTF-8.
    package init(_ bytes: [UInt8]) throws(JSONSyntaxError) {
        guard bytes.count <= Int(Int32.max) else { throw JSONSyntaxError("larger than 2 GiB", at: 0) }
        var scanner = JSONScanner(count: bytes.count)
        try scanner.scan(bytes.span)
        self.bytes = bytes
        self.nodes = scanner.nodes
    }

    /// The object that the message is.
    package var root: JSONValue { JSONValue(document: self, index: 0) }

    func text(of node: JSONNode) -> ArraySlice<UInt8> { bytes[node.range] }
}
