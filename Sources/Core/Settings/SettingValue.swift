// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A configuration value: typed if it is from the file, text if it is from the environment or the command line.
public enum SettingValue: Hashable, Sendable {
    /// No value: the default, or none.
    case null
    /// A boolean.
    case boolean(Bool)
    /// A whole number.
    case integer(Int)
    /// Any other number.
    case number(Double)
    /// A string.
    case string(String)
    /// A list.
    case list([SettingValue])
    /// An object.
    case object([String: SettingValue])
    /// Text from the environment or the command line; a list is separated by commas.
    case text(String)

    /// Returns a string that is not empty.
    ///
    /// - Throws: `InvalidValue` for any other value.
    public func string() throws(InvalidValue) -> String {
        switch self {
        case .string(let string), .text(let string):
            guard !string.isEmpty else { throw InvalidValue("must not be empty") }
            return string
        default: throw InvalidValue("must be a string, not \(kind)")
        }
    }

    /// Returns a whole number.
    ///
    /// - Throws: `InvalidValue` for any other value, or a number outside the range.
    public func integer(in range: ClosedRange<Int>) throws(InvalidValue) -> Int {
        let number: Int? =
            switch self {
            case .integer(let number): number
            case .text(let text): Int(text)
            default: nil
            }
        guard let number, range.contains(number) else {
            throw InvalidValue("must be a whole number from \(range.lowerBound) to \(range.upperBound), not \(shown)")
        }
        return number
    }

    /// Returns a boolean: `true` or `false`; as text also `1` or `0`.
    ///
    /// - Throws: `InvalidValue` for any other value.
    public func boolean() throws(InvalidValue) -> Bool {
        switch self {
        case .boolean(let truth): return truth
        case .text("true"), .text("1"): return true
        case .text("false"), .text("0"): return false
        default: throw InvalidValue("must be true or false, not \(shown)")
        }
    }

    /// Returns a list of non-empty strings.
    ///
    /// - Throws: `InvalidValue` for any other value.
    public func strings() throws(InvalidValue) -> [String] {
        switch self {
        case .list(let values):
            var strings: [String] = []
            for (index, value) in values.enumerated() {
                do throws(InvalidValue) { strings.append(try value.string()) } catch {
                    throw InvalidValue("\(error.problem) (element \(index + 1) of the list)")
                }
            }
            return strings
        case .text(let text): return text.split(separator: ",").map { $0.trimmed }
        default: throw InvalidValue("must be a list of strings, not \(kind)")
        }
    }

    /// Whether there is no value: null, or as text an empty string or `null`.
    var isNull: Bool {
        switch self {
        case .null: true
        case .text(let text): text.isEmpty || text == "null"
        default: false
        }
    }

    /// The value in the form in which it is shown; no setting uses fractions.
    package var json: JSONFragment {
        switch self {
        case .null: .null
        case .boolean(let truth): .boolean(truth)
        case .integer(let number): .integer(Int64(number))
        case .number(let number): .string(String(number))
        case .string(let string), .text(let string): .string(string)
        case .list(let values): .array(values.map(\.json))
        case .object(let members): .object(members.sorted { $0.key < $1.key }.map { .init($0.key, $0.value.json) })
        }
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
        case .boolean: "a boolean"
        case .integer, .number: "a number"
        case .string, .text: "a string"
        case .list: "a list"
        case .object: "an object"
        }
    }
}

extension SettingValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByNilLiteral
{
    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }
    /// A whole number.
    public init(integerLiteral value: Int) { self = .integer(value) }
    /// A boolean.
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
    /// A list.
    public init(arrayLiteral elements: SettingValue...) { self = .list(elements) }
    /// Null.
    public init(nilLiteral: ()) { self = .null }
}

extension Substring {
    fileprivate var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
