// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

extension JSONValue {
    /// Returns the member of an object with a name; the last one, if the name is repeated.
    ///
    /// - Returns: nil if it is absent, or if this is not an object.
    package func member(_ name: String) -> JSONValue? {
        guard kind == .object else { return nil }
        var result: JSONValue?
        forEachMember { if $0.equals(name) { result = $1 } }
        return result
    }

    /// The elements of an array, in order; nil if this is not an array.
    package var list: [JSONValue]? { kind == .array ? Array(elements) : nil }

    /// The whole number; nil if this is another value, has a non-zero fraction, or does not fit.
    package var wholeNumber: Int? {
        guard kind == .number else { return nil }
        let bytes = document.bytes
        let range = document.nodes[index].range
        do throws(InvalidValue) {
            return try WholeNumber.parse(bytes.span.extracting(range), isString: false)
        } catch { return nil }
    }

    /// The boolean; nil if this is another value.
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
