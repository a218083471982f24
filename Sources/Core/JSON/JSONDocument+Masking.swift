// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

extension JSONDocument {
    private static let lists = ["loadbalancers", "loadBalancers"]
    private static let secrets = ["private_key", "passphrase"]
    /// The end of the first line of a private key in PEM, which may be in a field for something else.
    private static let keyLine = Array("PRIVATE KEY-----".utf8)
    private static let mask = Array("\"*****\"".utf8)

    /// The document with five asterisks for each private key and passphrase in a list of load balancers.
    ///
    /// A string that contains a private key is masked whatever its name is. Without secrets, it is the same document.
    var masked: JSONDocument {
        var hidden: [Range<Int>] = []
        var index = 1
        while index < nodes.count {
            let member = nodes[index]
            let name = JSONName(document: self, node: member.nameNode)
            if Self.lists.contains(where: name.equals) {
                var inner = index + 1
                while inner < Int(member.next) {
                    let value = nodes[inner]
                    if isSecret(value) {
                        let start =
                            value.kind == .string || value.kind == .escapedString ? value.start - 1 : value.start
                        hidden.append(Int(start)..<value.endWithQuote)
                        inner = Int(value.next)
                    } else {
                        inner += 1
                    }
                }
            }
            index = Int(member.next)
        }
        guard !hidden.isEmpty else { return self }
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count)
        var end = 0
        for range in hidden {
            text += bytes[end..<range.lowerBound] + Self.mask
            end = range.upperBound
        }
        text += bytes[end...]
        // Only values were replaced: it is still valid.
        return (try? JSONDocument(text)) ?? self
    }

    private func isSecret(_ value: JSONNode) -> Bool {
        isNamedAsSecret(value) || isKey(value)
    }

    private func isKey(_ value: JSONNode) -> Bool {
        guard value.kind == .string || value.kind == .escapedString, value.range.count > Self.keyLine.count else {
            return false
        }
        return bytes[value.range].firstRange(of: Self.keyLine) != nil
    }

    private func isNamedAsSecret(_ value: JSONNode) -> Bool {
        guard value.kind != .null, value.name.end > value.name.start else { return false }
        let name = JSONName(document: self, node: value.nameNode)
        return Self.secrets.contains(where: name.equals)
    }
}
