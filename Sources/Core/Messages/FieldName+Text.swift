// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

extension FieldName {
    /// Reads a member's name.
    ///
    /// - Parameters:
    ///   - name: The name's place in a document.
    ///   - bytes: The document's bytes.
    /// - Returns: nil where the name has no meaning.
    @inline(__always)
    init?(_ name: JSONNode.Name, in bytes: Span<UInt8>) {
        if name.isEscaped {
            self.init(escaped: bytes.extracting(name.range))
        } else {
            self.init(name.range, in: bytes)
        }
    }

    private init?(escaped text: Span<UInt8>) {
        guard let name = JSONEscapes.resolve(text) else { return nil }
        self.init(0..<name.utf8.count, in: name.utf8.span)
    }

    private init?(_ range: Range<Int>, in bytes: Span<UInt8>) {
        guard let candidate = Self.candidate(range, in: bytes),
            bytes.word(at: range) == Self.words[Int(candidate.rawValue)],
            range.count <= 8 || bytes.extracting(range).equals(candidate.text)
        else { return nil }
        self = candidate
    }

    /// The first eight bytes of each name.
    private static let words = InlineArray<32, UInt64> { number in
        guard let name = FieldName(rawValue: UInt8(number)) else { return 0 }
        return name.text.withUTF8Buffer { text in
            let text = text.span
            return text.word(at: 0..<text.count)
        }
    }

    /// The one name that a text may be, by its length and a byte or two: every name of a message is looked up.
    private static func candidate(_ range: Range<Int>, in bytes: Span<UInt8>) -> FieldName? {
        let start = range.lowerBound
        return switch range.count {
        case 2: .id
        case 4:
            switch bytes[start + 2] {
            case UInt8(ascii: "m"): .name
            case UInt8(ascii: "p"): .type
            case UInt8(ascii: "r"): .port
            default: .path
            }
        case 5: bytes[start] == UInt8(ascii: "n") ? .nodes : .delay
        case 6: bytes[start] == UInt8(ascii: "w") ? .weight : .backup
        case 7:
            switch bytes[start] {
            case UInt8(ascii: "a"): .address
            case UInt8(ascii: "m"): .monitor
            case UInt8(ascii: "o"): .options
            default: .timeout
            }
        case 8: bytes[start] == UInt8(ascii: "p") ? .protocol : .attempts
        case 9: bytes[start] == UInt8(ascii: "a") ? .algorithm : .condition
        case 11: .action
        case 13: bytes[start + 4] == UInt8(ascii: "b") ? .documentedLoadBalancers : .deployedLoadBalancers
        case 14: bytes[start] == UInt8(ascii: "c") ? .clientTimeout : .serverTimeout
        case 15: bytes[start + 8] == UInt8(ascii: "t") ? .connectTimeout : .connectRetries
        case 22: .objectStoreType
        case 23: .objectStoreToken
        case 26: bytes[start + 18] == UInt8(ascii: "e") ? .objectStoreEndpoint : .objectStoreBasePath
        default: nil
        }
    }
}
