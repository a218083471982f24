// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The known members of one object of a message.
///
/// One pass over the object fills a table with a place for each name, so that no member is searched for.
struct Members {
    private let path: FieldPath
    /// The index of each value's node by the number of its name; 0, the message itself, stands for absent.
    private var places = InlineArray<32, Int32>(repeating: 0)
    /// A bit for each name that appears more than once.
    private var repeated: UInt32 = 0

    init(path: FieldPath) { self.path = path }

    /// Notes a member.
    @inline(__always)
    mutating func add(_ name: FieldName, at index: Int32) {
        let number = Int(name.rawValue)
        if places[number] != 0 { repeated |= 1 << name.rawValue }
        places[number] = index
    }

    /// The member of that name.
    ///
    /// - Throws: `MessageError` where the object has it twice: no two readers of such a message agree on it.
    @inline(__always)
    func field(_ name: FieldName) throws(MessageError) -> Field {
        let path = self.path[name]
        guard repeated & 1 << name.rawValue == 0 else { throw MessageError(path, "appears more than once") }
        let place = places[Int(name.rawValue)]
        return Field(path: path, index: place == 0 ? nil : place)
    }
}
