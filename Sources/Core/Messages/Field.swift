// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A field of a message while it is being decoded: its place in the message, and its value in the document if it
/// is present. A ``FieldReader`` reads it.
///
/// A message has hundreds of fields, so a field is a few plain numbers: it refers to nothing that has to be counted.
struct Field {
    private let parent: FieldPath
    private let step: FieldPath.Step?
    /// The index of the value's node in the document; nil where the field is absent.
    let index: Int?

    /// The message itself.
    static let root = Field(parent: .root, step: nil, index: 0)

    init(parent: FieldPath, step: FieldPath.Step?, index: Int?) {
        self.parent = parent
        self.step = step
        self.index = index
    }

    /// The field's place, which is put together for few fields: for those of objects and lists, and for errors.
    var path: FieldPath { step.map { parent.appending($0) } ?? parent }

    /// Whether the field is present at all, null included.
    var isPresent: Bool { index != nil }

    func error(_ problem: String) -> MessageError { MessageError(path, problem) }

    /// Turns what a model type reports about a value into an error that names the field.
    @inline(__always)
    func rethrow<Value>(_ make: () throws(InvalidValue) -> Value) throws(MessageError) -> Value {
        do { return try make() } catch { throw MessageError(path, error) }
    }
}
