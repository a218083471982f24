// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

extension JSONDocument {
    /// The document's own bytes with members added at its end.
    ///
    /// - Parameter members: What is added. A member of the document that has one of these names gives way.
    /// - Returns: One JSON object without white space around it.
    public func bytes(adding members: [JSONFragment.Member]) -> [UInt8] {
        var (bytes, needsComma) = opened(without: members)
        for member in members {
            if needsComma { bytes.append(UInt8(ascii: ",")) }
            member.write(to: &bytes)
            needsComma = true
        }
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    /// The document up to the end of its last member, and whether it has any.
    private func opened(without members: [JSONFragment.Member]) -> ([UInt8], Bool) {
        var kept: [Range<Int>] = []
        var dropsSome = false
        root.forEachMember { name, value in
            if members.contains(where: { name.equals($0.name) }) {
                dropsSome = true
            } else {
                kept.append(name.startWithQuote..<value.endWithQuote)
            }
        }
        guard let last = kept.last else { return ([UInt8(ascii: "{")], false) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(self.bytes.count + 256)
        guard dropsSome else {
            bytes.append(contentsOf: self.bytes[Int(nodes[0].start)..<last.upperBound])
            return (bytes, true)
        }
        for (index, member) in kept.enumerated() {
            bytes.append(index == 0 ? UInt8(ascii: "{") : UInt8(ascii: ","))
            bytes.append(contentsOf: self.bytes[member])
        }
        return (bytes, true)
    }
}
