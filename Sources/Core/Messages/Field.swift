// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A field of a message while it is being decoded: its place in the message and, if it is present, in the document.
///
/// A ``FieldReader`` reads it. A message has hundreds of fields, so a field is a few plain numbers, without a
/// reference to count.
struct Field {
    let path: FieldPath
    /// The index of the value's node in the document; negative where the field is absent.
    private let node: Int32

    /// The message itself.
    static let root = Field(path: .root, index: 0)

    init(path: FieldPath, index: Int32?) {
        self.path = path
        node = index ?? -1
    }

    /// The index of the value's node in the document; nil where the field is absent.
    var index: Int? { node < 0 ? nil : Int(node) }

    /// Whether the field is present at all, null included.
    var isPresent: Bool { node >= 0 }

    func error(_ problem: String) -> MessageError { MessageError(path, problem) }

    /// Turns what a model type reports about a value into an error that names the field.
    @inline(__always)
    func rethrow<Value>(_ make: () throws(InvalidValue) -> Value) throws(MessageError) -> Value {
        do { return try make() } catch { throw MessageError(path, error) }
    }
}
