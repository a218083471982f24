// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A field of a message while it is being decoded: its value, if it is there, and its place.
struct Field {
    let path: FieldPath
    /// nil where the field is absent.
    let value: JSONValue?

    init(root: JSONValue) {
        path = .root
        value = root
    }

    private init(path: FieldPath, value: JSONValue?) {
        self.path = path
        self.value = value
    }

    /// Whether the field is there at all, null included.
    var isPresent: Bool { value != nil }

    /// Whether the field is absent or null, both of which stand for its default.
    var isDefault: Bool { value.map(\.isNull) ?? true }

    func error(_ problem: String) -> MessageError { MessageError(path, problem) }

    /// The member of that name.
    ///
    /// - Throws: `MessageError` where the object has it twice: no two readers of such a message agree on it.
    func member(_ name: FieldName) throws(MessageError) -> Field {
        let path = self.path[name]
        guard let value, value.kind == .object else { return Field(path: path, value: nil) }
        switch value.find(name.text) {
        case .nothing: return Field(path: path, value: nil)
        case .one(let value): return Field(path: path, value: value)
        case .several: throw MessageError(path, "is there twice")
        }
    }

    /// Checks that the value is an object.
    func requireObject() throws(MessageError) {
        guard let value else { throw error("is missing") }
        guard value.kind == .object else { throw error("must be an object, not \(value.kindName)") }
    }

    /// The elements of a list that must be there, each with its place.
    func elements(atMost limit: Int, of what: String) throws(MessageError) -> some Sequence<Field> {
        guard let value else { throw error("is missing") }
        guard value.kind == .array else { throw error("must be a list, not \(value.kindName)") }
        guard value.count <= limit else { throw error("has \(value.count) \(what); at most \(limit) are allowed") }
        return value.elements.lazy.enumerated().map { Field(path: path[$0.offset], value: $0.element) }
    }

    /// A string that must be there.
    func string() throws(MessageError) -> String {
        guard let value else { throw error("is missing") }
        guard value.kind == .string || value.kind == .escapedString else {
            throw error("must be a string, not \(value.kindName)")
        }
        guard let string = value.string else { throw error("must not have half of a surrogate pair in it") }
        return string
    }

    /// A whole number, as a JSON number or as a string of digits; nil for the default.
    func integer() throws(MessageError) -> Int? {
        guard let value, !value.isNull else { return nil }
        let text: ArraySlice<UInt8>
        switch value.kind {
        case .number, .string: text = value.text
        case .escapedString: text = try ArraySlice(string().utf8)
        default: throw error("must be a whole number, not \(value.kindName)")
        }
        let isString = value.kind != .number
        let isNegative = text.first == UInt8(ascii: "-") && !isString
        var number = 0
        for byte in isNegative ? text.dropFirst() : text {
            guard 0x30...0x39 ~= byte else { throw notWhole(text) }
            let (product, overflows) = number.multipliedReportingOverflow(by: 10)
            let (sum, overflowsToo) = product.addingReportingOverflow(Int(byte - 0x30))
            guard !overflows, !overflowsToo else {
                throw error("is too large a number, \(Excerpt.quote(String(decoding: text, as: UTF8.self)))")
            }
            number = sum
        }
        guard !text.isEmpty else { throw notWhole(text) }
        return isNegative ? -number : number
    }

    /// A truth value, as JSON's or as a string in any case; nil for the default.
    func boolean() throws(MessageError) -> Bool? {
        guard let value, !value.isNull else { return nil }
        switch value.kind {
        case .true: return true
        case .false: return false
        case .string, .escapedString:
            switch value.string {
            case "TRUE", "true", "True": return true
            case "FALSE", "false", "False": return false
            case let text?:
                switch text.lowercased() {
                case "true": return true
                case "false": return false
                default: throw error("must be true or false, not \(Excerpt.quote(text))")
                }
            case nil: throw error("must be true or false")
            }
        default: throw error("must be true or false, not \(value.kindName)")
        }
    }

    /// A value that a type of its own checks, made of a string; nil for the default.
    func text<Value>(_ make: (String) throws(InvalidValue) -> Value) throws(MessageError) -> Value? {
        isDefault ? nil : try checked(make)
    }

    /// A value that a type of its own checks, made of a string that must be there.
    func requiredText<Value>(_ make: (String) throws(InvalidValue) -> Value) throws(MessageError) -> Value {
        try checked(make)
    }

    /// An identifier: a string, or a whole number as deployed control planes send it; nil for the default.
    func identifier() throws(MessageError) -> Identifier? {
        guard let value, !value.isNull else { return nil }
        guard value.kind == .number else { return try checked { text throws(InvalidValue) in try Identifier(text) } }
        return try rethrow { () throws(InvalidValue) in try Identifier(String(decoding: value.text, as: UTF8.self)) }
    }

    /// Turns what a model type says of a value into an error that names the field.
    func rethrow<Value>(_ make: () throws(InvalidValue) -> Value) throws(MessageError) -> Value {
        do { return try make() } catch { throw MessageError(path, error) }
    }

    private func notWhole(_ text: ArraySlice<UInt8>) -> MessageError {
        error("must be a whole number, not \(Excerpt.quote(String(decoding: text, as: UTF8.self)))")
    }

    private func checked<Value>(_ make: (String) throws(InvalidValue) -> Value) throws(MessageError) -> Value {
        let string = try string()
        return try rethrow { () throws(InvalidValue) in try make(string) }
    }
}
