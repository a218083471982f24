// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

extension JSONValue {
    /// The member of that name of an object; the last one where the object has several.
    ///
    /// - Returns: nil where there is none, and where this is not an object.
    package func member(_ name: String) -> JSONValue? {
        guard kind == .object else { return nil }
        var result: JSONValue?
        forEachMember { if $0.equals(name) { result = $1 } }
        return result
    }

    /// The elements of an array, in order; nil where this is not an array.
    package var list: [JSONValue]? { kind == .array ? Array(elements) : nil }

    /// The whole number; nil where this is another value, has a fraction that is not zero, or does not fit.
    package var wholeNumber: Int? {
        guard kind == .number else { return nil }
        let bytes = document.bytes
        let range = document.nodes[index].range
        do throws(InvalidValue) {
            return try WholeNumber.parse(bytes.span.extracting(range), isString: false)
        } catch { return nil }
    }

    /// The truth value; nil where this is another value.
    package var boolean: Bool? {
        switch kind {
        case .true: true
        case .false: false
        default: nil
        }
    }

    /// Whether this is an object.
    package var isObject: Bool { kind == .object }

    /// Whether this is null.
    package var isNull: Bool { kind == .null }
}
