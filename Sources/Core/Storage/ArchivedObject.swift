// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// An object that holds the log of one load balancer.
package struct ArchivedObject: Hashable, Sendable {
    /// The load balancer.
    package let id: Identifier
    /// The object's place.
    package let path: ObjectPath
    /// The lines of the object; nil if an earlier ARCHIVE had stored it and its lines are no longer in the log.
    package let lineCount: UInt64?
    /// The bytes of the object, compressed as it is.
    package let byteCount: UInt64

    /// Creates a description of an object.
    package init(id: Identifier, path: ObjectPath, lineCount: UInt64?, byteCount: UInt64) {
        self.id = id
        self.path = path
        self.lineCount = lineCount
        self.byteCount = byteCount
    }

    /// The object's entry in `hpcs_archives`.
    var json: JSONFragment {
        var members: [JSONFragment.Member] = [
            .init("id", .string(id.description)), .init("object", .string(path.description)),
        ]
        if let lineCount { members.append(.init("lines", .integer(Int64(clamping: lineCount)))) }
        members.append(.init("bytes", .integer(Int64(clamping: byteCount))))
        return .object(members)
    }
}
