// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Reads the fields of one message from its bytes.
///
/// It validates each value in the payload, and copies only valid ones. Numbers and names need no strings.
struct FieldReader {
    // Copies of the document's arrays: each access through the document would count references.
    private let bytes: [UInt8]
    private let nodes: [JSONNode]

    init(_ document: JSONDocument) {
        bytes = document.bytes
        nodes = document.nodes
    }

    /// Whether the field is absent or null: both mean its default.
    func isDefault(_ field: Field) -> Bool { kind(field) ?? .null == .null }

    /// Whether the field is a string.
    func isString(_ field: Field) -> Bool { kind(field) == .string || kind(field) == .escapedString }

    /// The number of a field's members or elements.
    func count(_ field: Field) -> Int { field.index.map { Int(nodes[$0].count) } ?? 0 }

    /// Returns the members of a field that must be an object.
    @inline(__always)
    func members(of field: Field) throws(MessageError) -> Members {
        var members = Members(path: field.path)
        try collect(field, &members)
        return members
    }

    /// Fills a table in place: returning it would copy it.
    private func collect(_ field: Field, _ members: inout Members) throws(MessageError) {
        guard let index = field.index else { throw field.error("is missing") }
        let object = nodes[index]
        guard object.kind == .object else { throw field.error("must be an object, not \(object.kind.phrase)") }
        let text = bytes.span
        let values = nodes.span
        var next = Int32(truncatingIfNeeded: index) &+ 1
        while next < object.next {
            let value = values[Int(next)]
            if let name = FieldName(value.name, in: text) { members.add(name, at: next) }
            next = value.next
        }
    }

    /// Returns the string of a top-level member whose name ``FieldName`` does not contain.
    ///
    /// - Returns: nil if it is absent; if it is not required, also for null.
    /// - Throws: `MessageError` if it is required but absent, if it is repeated, and for any value but a string.
    func rootString(named name: String, isRequired: Bool) throws(MessageError) -> String? {
        var found: JSONNode?
        var next: Int32 = 1
        while next < nodes[0].next {
            let node = nodes[Int(next)]
            next = node.next
            let text = bytes.span.extracting(node.name.range)
            let isMatch = node.name.isEscaped ? JSONEscapes.resolve(text) == name : text.equals(name)
            guard isMatch else { continue }
            guard found == nil else { throw MessageError(member: name, "appears more than once") }
            found = node
        }
        guard let found else {
            guard !isRequired else { throw MessageError(member: name, "is missing") }
            return nil
        }
        switch found.kind {
        case .null where !isRequired: return nil
        case .string: return String(bytes.span.extracting(found.range))
        case .escapedString:
            guard let string = JSONEscapes.resolve(bytes[found.range]) else {
                throw MessageError(member: name, "contains an unpaired UTF-16 surrogate")
            }
            return string
        default: throw MessageError(member: name, "must be a string, not \(found.kind.phrase)")
        }
    }

    /// Calls a closure with each element of a field that must be a list, in order.
    func forEachElement(
        of field: Field,
        atMost limit: Int,
        of what: String,
        _ body: (Field) throws(MessageError) -> Void
    ) throws(MessageError) {
        guard let index = field.index else { throw field.error("is missing") }
        let list = nodes[index]
        guard list.kind == .array else { throw field.error("must be a list, not \(list.kind.phrase)") }
        guard list.count <= limit else {
            throw field.error("has \(list.count) \(what); the limit is \(limit)")
        }
        var next = Int32(truncatingIfNeeded: index) + 1
        var place = 0
        while next < list.next {
            try body(Field(path: field.path[place], index: next))
            next = nodes[Int(next)].next
            place += 1
        }
    }

    /// Calls a closure with the name and value of each member of a field that must be an object, in order.
    ///
    /// - Throws: `MessageError` also for a name that appears more than once.
    func forEachMember(
        of field: Field,
        _ body: (String, Field) throws(MessageError) -> Void
    ) throws(MessageError) {
        guard let index = field.index else { throw field.error("is missing") }
        let object = nodes[index]
        guard object.kind == .object else { throw field.error("must be an object, not \(object.kind.phrase)") }
        var names: Set<String> = []
        var next = Int32(truncatingIfNeeded: index) + 1
        while next < object.next {
            let value = nodes[Int(next)]
            let text = bytes.span.extracting(value.name.range)
            guard let name = value.name.isEscaped ? JSONEscapes.resolve(text) : String(text) else {
                throw field.error("has a name with an unpaired UTF-16 surrogate")
            }
            guard names.insert(name).inserted else {
                throw field.error("has \(Excerpt.quote(name)) more than once")
            }
            try body(name, Field(path: field.path, index: next))
            next = value.next
        }
    }

    /// Whether the field is a list without elements.
    func isEmptyList(_ field: Field) -> Bool { kind(field) == .array && count(field) == 0 }

    /// Returns a list of strings; nil for the default.
    func strings(_ field: Field, atMost limit: Int, of what: String) throws(MessageError) -> [String]? {
        guard !isDefault(field) else { return nil }
        var strings: [String] = []
        try forEachElement(of: field, atMost: limit, of: what) { element throws(MessageError) in
            strings.append(try requiredText(element) { text throws(InvalidValue) in String(text) })
        }
        return strings
    }

    /// Returns a model value that is parsed from a required string.
    @inline(__always)
    func requiredText<Value>(
        _ field: Field,
        _ make: (Span<UInt8>) throws(InvalidValue) -> Value
    ) throws(MessageError) -> Value {
        guard let index = field.index else { throw field.error("is missing") }
        let node = nodes[index]
        guard node.kind == .string else {
            let string = try resolved(field, node)
            return try field.rethrow { () throws(InvalidValue) in try make(string.utf8.span) }
        }
        return try field.rethrow { () throws(InvalidValue) in try make(bytes.span.extracting(node.range)) }
    }

    /// Returns a model value that is parsed from a string; nil for the default.
    @inline(__always)
    func text<Value>(
        _ field: Field,
        _ make: (Span<UInt8>) throws(InvalidValue) -> Value
    ) throws(MessageError) -> Value? {
        isDefault(field) ? nil : try requiredText(field, make)
    }

    /// Returns an identifier: a string, or a whole number as sent by deployed control planes; nil for the default.
    func identifier(_ field: Field) throws(MessageError) -> Identifier? {
        guard let index = field.index, nodes[index].kind == .number else {
            return try text(field) { text throws(InvalidValue) in try Identifier(text) }
        }
        return try field.rethrow { () throws(InvalidValue) in
            try Identifier(bytes.span.extracting(nodes[index].range))
        }
    }

    /// Returns a whole number, from a JSON number or a string of digits; nil for the default.
    ///
    /// A JSON number may have a fraction of zeros: encoders that use only floating-point numbers write 80 as `80.0`. An
    /// exponent is rejected.
    func integer(_ field: Field) throws(MessageError) -> Int? {
        guard let index = field.index else { return nil }
        let node = nodes[index]
        switch node.kind {
        case .null: return nil
        case .number:
            return try field.rethrow { () throws(InvalidValue) in
                try WholeNumber.parse(bytes.span.extracting(node.range), isString: false)
            }
        case .string, .escapedString:
            return try requiredText(field) { text throws(InvalidValue) in
                try WholeNumber.parse(text, isString: true)
            }
        default: throw field.error("must be a whole number, not \(node.kind.phrase)")
        }
    }

    /// Returns a boolean, from a JSON boolean or a string in any case; nil for the default.
    func boolean(_ field: Field) throws(MessageError) -> Bool? {
        guard let index = field.index else { return nil }
        let node = nodes[index]
        switch node.kind {
        case .null: return nil
        case .true: return true
        case .false: return false
        case .string, .escapedString:
            return try requiredText(field) { text throws(InvalidValue) in
                if text.isLetters("true") { return true }
                if text.isLetters("false") { return false }
                throw InvalidValue("must be true or false, not \(Excerpt.quote(String(text)))")
            }
        default: throw field.error("must be true or false, not \(node.kind.phrase)")
        }
    }

    private func kind(_ field: Field) -> JSONNode.Kind? { field.index.map { nodes[$0].kind } }

    /// Returns a string with its escape sequences resolved.
    private func resolved(_ field: Field, _ node: JSONNode) throws(MessageError) -> String {
        guard node.kind == .escapedString else {
            throw field.error("must be a string, not \(node.kind.phrase)")
        }
        guard let string = JSONEscapes.resolve(bytes[node.range]) else {
            throw field.error("contains an unpaired UTF-16 surrogate")
        }
        return string
    }
}
