// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

@testable import SteelyardCore

/// Foundation's verdict on a document, corrected if it deviates from RFC 8259.
enum FoundationJudge {
    /// Whether Foundation's decoder accepts the document and the document is an object.
    static func accepts(_ bytes: [UInt8]) -> Bool {
        guard let value = try? PlainJSON(bytes), case .object = value else { return false }
        return true
    }

    /// The document without the commas before a closing bracket, which Foundation accepts and RFC 8259 forbids.
    static func withoutTrailingCommas(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var comma: Int?
        var isInString = false
        var isEscaped = false
        for byte in bytes {
            result.append(byte)
            if isInString {
                if !isEscaped, byte == UInt8(ascii: "\"") { isInString = false }
                isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
                continue
            }
            switch byte {
            case UInt8(ascii: ","): comma = result.count - 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                if let position = comma { result.remove(at: position) }
                comma = nil
            case 0x20, 0x09, 0x0A, 0x0D: break
            default:
                isInString = byte == UInt8(ascii: "\"")
                comma = nil
            }
        }
        return result
    }
}

/// A document as the module under test reads it, in Foundation's terms.
struct OwnReading {
    /// nil if Foundation has no equivalent: a duplicate member, an unpaired surrogate, a number beyond a `Double`, or
    /// an exponent directly after a zero, which Foundation rejects.
    let value: PlainJSON?

    init(_ document: JSONDocument) { value = Self.read(document.root) }

    private static func read(_ value: JSONValue) -> PlainJSON? {
        switch value.kind {
        case .null: return .null
        case .true: return .bool(true)
        case .false: return .bool(false)
        case .number:
            let text = String(decoding: value.text, as: UTF8.self)
            guard text.wholeMatch(of: /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/) != nil else { return nil }
            guard text.prefixMatch(of: /-?0[eE]/) == nil else { return nil }
            guard let number = Double(text), number.isFinite, number.isNormal || number == 0 else { return nil }
            let mantissa = text.prefix { $0 != "e" && $0 != "E" }
            return number == 0 && mantissa.contains { "123456789".contains($0) } ? nil : .number(number)
        case .string, .escapedString: return value.string.map(PlainJSON.string)
        case .name, .escapedName: return nil
        case .array:
            let elements = value.elements.map(read)
            return elements.contains(nil) ? nil : .array(elements.compactMap(\.self))
        case .object:
            var members: [String: PlainJSON] = [:]
            var isComplete = true
            value.forEachMember { name, member in
                let text = value.document.text(of: name.node)
                let key = name.node.kind == .name ? String(decoding: text, as: UTF8.self) : JSONEscapes.resolve(text)
                guard let key, let read = read(member), members.updateValue(read, forKey: key) == nil else {
                    isComplete = false
                    return
                }
            }
            return isComplete ? .object(members) : nil
        }
    }
}
