// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A value of the configuration before it is checked: from the file with its type, from elsewhere as text.
enum ConfigurationValue: Sendable {
    case null
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case list([ConfigurationValue])
    case object([String: ConfigurationValue])
    /// From the environment or the command line, where everything is text and a list has commas.
    case text(String)

    /// Says what is wrong with a value; the origin is known to whoever catches it.
    struct Mismatch: Error {
        let problem: String

        init(_ problem: String) { self.problem = problem }
    }

    func string() throws(Mismatch) -> String {
        switch self {
        case .string(let string), .text(let string):
            guard !string.isEmpty else { throw Mismatch("must not be empty") }
            return string
        default: throw Mismatch("must be a string, not \(kind)")
        }
    }

    func optionalString() throws(Mismatch) -> String? {
        switch self {
        case .null: nil
        case .text(let string) where string.isEmpty || string == "null": nil
        default: try string()
        }
    }

    func integer(in range: ClosedRange<Int>) throws(Mismatch) -> Int {
        let number: Int? =
            switch self {
            case .integer(let number): number
            case .text(let text): Int(text)
            default: nil
            }
        guard let number, range.contains(number) else {
            throw Mismatch("must be a whole number from \(range.lowerBound) to \(range.upperBound), not \(shown)")
        }
        return number
    }

    func optionalInteger(in range: ClosedRange<Int>) throws(Mismatch) -> Int? {
        switch self {
        case .null: nil
        case .text(let string) where string.isEmpty || string == "null": nil
        default: try integer(in: range)
        }
    }

    func boolean() throws(Mismatch) -> Bool {
        switch self {
        case .boolean(let truth): truth
        case .text("true"), .text("1"): true
        case .text("false"), .text("0"): false
        default: throw Mismatch("must be true or false, not \(shown)")
        }
    }

    func strings() throws(Mismatch) -> [String] {
        switch self {
        case .list(let values):
            var strings: [String] = []
            for value in values { strings.append(try value.string()) }
            return strings
        case .text(let text): return text.split(separator: ",").map { $0.trimmed }
        default: throw Mismatch("must be a list of strings, not \(kind)")
        }
    }

    func choice(of names: [String]) throws(Mismatch) -> String {
        let name = try string()
        guard names.contains(name) else {
            throw Mismatch("must be one of \(names.joined(separator: ", ")), not \"\(name)\"")
        }
        return name
    }

    private var shown: String {
        switch self {
        case .integer(let number): String(number)
        case .number(let number): String(number)
        case .string(let text), .text(let text): "\"\(text)\""
        case .boolean(let truth): String(truth)
        default: kind
        }
    }

    private var kind: String {
        switch self {
        case .null: "null"
        case .boolean: "a truth value"
        case .integer, .number: "a number"
        case .string, .text: "a string"
        case .list: "a list"
        case .object: "an object"
        }
    }
}

extension Substring {
    fileprivate var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
