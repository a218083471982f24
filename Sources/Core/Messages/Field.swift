// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A field of a message during decoding: its path in the message and, if present, its node in the document.
///
/// A ``FieldReader`` reads it. A message has hundreds of fields, so a field consists of plain numbers, without
/// reference counting.
struct Field {
    let path: FieldPath
    /// The index of the value's node in the document; negative if the field is absent.
    private let node: Int32

    /// The message itself.
    static let root = Field(path: .root, index: 0)

    init(path: FieldPath, index: Int32?) {
        self.path = path
        node = index ?? -1
    }

    /// The index of the value's node in the document; nil if the field is absent.
    var index: Int? { node < 0 ? nil : Int(node) }

    /// Whether the field is present, even if null.
    var isPresent: Bool { node >= 0 }

    func error(_ problem: String) -> MessageError { MessageError(path, problem) }

    /// Converts a model type's error to an error that names the field.
    @inline(__always)
    func rethrow<Value>(_ make: () throws(InvalidValue) -> Value) throws(MessageError) -> Value {
        do { return try make() } catch { throw MessageError(path, error) }
    }
}
