// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// An object that a store has confirmed.
struct ArchivedObject: Hashable, Sendable {
    /// The load balancer.
    let id: Identifier
    let path: ObjectPath
    let lineCount: UInt64
    /// The bytes of the object, compressed as it is.
    let byteCount: UInt64

    /// The object's entry in `hpcs_archives`.
    var json: JSONFragment {
        .object([
            .init("id", .string(id.description)),
            .init("object", .string(path.description)),
            .init("lines", .integer(Int64(clamping: lineCount))),
            .init("bytes", .integer(Int64(clamping: byteCount))),
        ])
    }
}

/// What has become of an ARCHIVE.
struct ArchiveOutcome: Sendable {
    /// The objects that were stored, in the order of the message.
    var objects: [ArchivedObject] = []
    /// Why there are not all of them.
    var error: ObjectStoreError?

    init(error: ObjectStoreError? = nil) { self.error = error }

    init(_ results: [Result<ArchivedObject, ObjectStoreError>]) {
        for result in results {
            switch result {
            case .success(let object): objects.append(object)
            case .failure(let failure): error = error ?? failure
            }
        }
    }
}
