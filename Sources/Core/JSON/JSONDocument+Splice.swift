// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

extension JSONDocument {
    /// Returns the document's bytes with members added at its end.
    ///
    /// - Parameter members: The members to add. They replace the document's members of the same name.
    /// - Returns: One JSON object without surrounding white space.
    package func bytes(adding members: [JSONFragment.Member]) -> [UInt8] {
        var (bytes, needsComma) = opened(without: members)
        for member in members {
            if needsComma { bytes.append(UInt8(ascii: ",")) }
            member.write(to: &bytes)
            needsComma = true
        }
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    /// The document up to the end of its last member, and whether it has any members.
    private func opened(without members: [JSONFragment.Member]) -> ([UInt8], Bool) {
        var end: Int?
        let dropsSome = forEachKept(without: members) { end = $0.upperBound }
        guard let end else { return ([UInt8(ascii: "{")], false) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(self.bytes.count + 256)
        guard dropsSome else {
            bytes.append(contentsOf: self.bytes[Int(nodes[0].start)..<end])
            return (bytes, true)
        }
        forEachKept(without: members) { member in
            bytes.append(bytes.isEmpty ? UInt8(ascii: "{") : UInt8(ascii: ","))
            bytes.append(contentsOf: self.bytes[member])
        }
        return (bytes, true)
    }

    /// Calls a closure with the range of each kept member, including its name's quote.
    ///
    /// - Returns: Whether other members were dropped.
    @discardableResult
    private func forEachKept(without members: [JSONFragment.Member], _ body: (Range<Int>) -> Void) -> Bool {
        var dropsSome = false
        var index = 1
        while index < nodes.count {
            let value = nodes[index]
            let name = JSONName(document: self, node: value.nameNode)
            if members.contains(where: { name.equals($0.name) }) {
                dropsSome = true
            } else {
                body(Int(value.name.start) - 1..<value.endWithQuote)
            }
            index = Int(value.next)
        }
        return dropsSome
    }
}
