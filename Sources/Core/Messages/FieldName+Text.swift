// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

extension FieldName {
    /// Reads a member's name.
    ///
    /// - Parameters:
    ///   - node: The name's node in a document.
    ///   - bytes: The document's bytes.
    /// - Returns: nil where the name has no meaning.
    init?(_ node: JSONNode, in bytes: [UInt8]) {
        guard node.kind == .name else {
            guard let name = JSONEscapes.resolve(bytes[node.range]) else { return nil }
            self.init(name.utf8.span)
            return
        }
        self.init(bytes.span.extracting(node.range))
    }

    /// Reads a name without escape sequences.
    init?(_ text: Span<UInt8>) {
        guard let candidate = Self.candidate(for: text), text.equals(candidate.text) else { return nil }
        self = candidate
    }

    /// The one name that a text may be, by its length and a byte or two: every name of a message is looked up.
    private static func candidate(for text: Span<UInt8>) -> FieldName? {
        switch text.count {
        case 2: .id
        case 4:
            switch text[2] {
            case UInt8(ascii: "m"): .name
            case UInt8(ascii: "p"): .type
            case UInt8(ascii: "r"): .port
            default: .path
            }
        case 5: text[0] == UInt8(ascii: "n") ? .nodes : .delay
        case 6: text[0] == UInt8(ascii: "w") ? .weight : .backup
        case 7:
            switch text[0] {
            case UInt8(ascii: "a"): .address
            case UInt8(ascii: "m"): .monitor
            case UInt8(ascii: "o"): .options
            default: .timeout
            }
        case 8: text[0] == UInt8(ascii: "p") ? .protocol : .attempts
        case 9: text[0] == UInt8(ascii: "a") ? .algorithm : .condition
        case 11: .action
        case 13: text[4] == UInt8(ascii: "b") ? .documentedLoadBalancers : .deployedLoadBalancers
        case 14: text[0] == UInt8(ascii: "c") ? .clientTimeout : .serverTimeout
        case 15: text[8] == UInt8(ascii: "t") ? .connectTimeout : .connectRetries
        case 22: .objectStoreType
        case 23: .objectStoreToken
        case 26: text[18] == UInt8(ascii: "e") ? .objectStoreEndpoint : .objectStoreBasePath
        default: nil
        }
    }
}
