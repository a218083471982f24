// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The known members of an object in a message.
///
/// One pass over the object fills a table with a slot for each name, so that members need no search.
struct Members {
    private let path: FieldPath
    /// The node index of each value, by the number of its name; 0, the message itself, means absent.
    private var places = InlineArray<96, Int32>(repeating: 0)
    /// A bit for each name that appears more than once.
    private var repeated: UInt128 = 0

    init(path: FieldPath) { self.path = path }

    /// Records a member.
    @inline(__always)
    mutating func add(_ name: FieldName, at index: Int32) {
        let number = Int(name.rawValue)
        if places[number] != 0 { repeated |= 1 << name.rawValue }
        places[number] = index
    }

    /// Returns the member with a name.
    ///
    /// - Throws: `MessageError` for a repeated name: parsers disagree on its value.
    @inline(__always)
    func field(_ name: FieldName) throws(MessageError) -> Field {
        let path = self.path[name]
        guard repeated & 1 << name.rawValue == 0 else { throw MessageError(path, "appears more than once") }
        let place = places[Int(name.rawValue)]
        return Field(path: path, index: place == 0 ? nil : place)
    }
}
