// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A stored object with the log of one load balancer.
package struct ArchivedObject: Hashable, Sendable {
    /// The load balancer's id.
    package let id: Identifier
    /// The object's path.
    package let path: ObjectPath
    /// The number of lines; nil if an earlier ARCHIVE stored the object and its lines are no longer in the log.
    package let lineCount: UInt64?
    /// The compressed size in bytes.
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
