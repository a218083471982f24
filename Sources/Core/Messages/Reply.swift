// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The reply to a message: the request's own bytes with fields added, so that numbers of any length, the order of the
/// members and fields that nobody knows survive to the letter.
public struct Reply: Sendable {
    /// The reply as JSON.
    public let bytes: [UInt8]
    /// Whether the reply says PASS.
    public let passed: Bool

    /// Makes a reply.
    ///
    /// - Parameters:
    ///   - document: The request; nil where the payload was no JSON object, and the reply has only what is added.
    ///   - passed: What `hpcs_response` says.
    ///   - fields: What else is added. A member of the request that has one of these names gives way: a request that
    ///     was a reply once, sent again, has one `hpcs_response` and not two.
    public init(to document: JSONDocument?, passed: Bool, fields: [JSONFragment.Member] = []) {
        let response = JSONFragment.Member("hpcs_response", .string(passed ? "PASS" : "FAIL"))
        self.passed = passed
        bytes = Self.splice(fields + [response], into: document)
    }

    /// Makes a reply that says FAIL and why.
    public init(to document: JSONDocument?, error: String, fields: [JSONFragment.Member] = []) {
        self.init(to: document, passed: false, fields: fields + [.init("hpcs_error", .string(error))])
    }

    private static func splice(_ fields: [JSONFragment.Member], into document: JSONDocument?) -> [UInt8] {
        var bytes: [UInt8] = []
        var needsComma = false
        if let document {
            (bytes, needsComma) = opened(document, without: fields)
        } else {
            bytes.append(UInt8(ascii: "{"))
        }
        for field in fields {
            if needsComma { bytes.append(UInt8(ascii: ",")) }
            field.write(to: &bytes)
            needsComma = true
        }
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    /// The request up to its last member, and whether it has any.
    private static func opened(_ document: JSONDocument, without fields: [JSONFragment.Member]) -> ([UInt8], Bool) {
        var kept: [Range<Int>] = []
        var dropsSome = false
        document.root.forEachMember { name, value in
            if fields.contains(where: { name.text == $0.name }) {
                dropsSome = true
            } else {
                kept.append(name.startWithQuote..<value.endWithQuote)
            }
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(document.bytes.count + 256)
        guard let last = kept.last else { return ([UInt8(ascii: "{")], false) }
        guard dropsSome else {
            bytes.append(contentsOf: document.bytes[..<last.upperBound])
            return (bytes, true)
        }
        for (index, member) in kept.enumerated() {
            bytes.append(index == 0 ? UInt8(ascii: "{") : UInt8(ascii: ","))
            bytes.append(contentsOf: document.bytes[member])
        }
        return (bytes, true)
    }
}
