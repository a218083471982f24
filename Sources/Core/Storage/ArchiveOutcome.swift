// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The result of an ARCHIVE.
package struct ArchiveOutcome: Sendable {
    /// The reasons why an ARCHIVE failed.
    package enum Failure: Error, Hashable, Sendable {
        /// The log cannot be opened.
        case log(DriverError)
        /// An object cannot be stored.
        case store(ObjectStoreError)
    }

    /// The stored objects, in the order of the message.
    package var objects: [ArchivedObject]
    /// The parts of the log that were not archived.
    package var leftOut: [LeftOutLog]
    /// The number of lines read, of all load balancers; nil if nothing was read.
    package var examinedLineCount: UInt64?
    /// The first error; nil if all objects were stored.
    package var failure: Failure?

    /// Creates a result.
    package init(
        objects: [ArchivedObject] = [],
        leftOut: [LeftOutLog] = [],
        examinedLineCount: UInt64? = nil,
        failure: Failure? = nil
    ) {
        self.objects = objects
        self.leftOut = leftOut
        self.examinedLineCount = examinedLineCount
        self.failure = failure
    }

    /// The reply's fields: `hpcs_archives` always; `left_out` if not empty; `lines_examined` if the log has lines but
    /// no object has any.
    var fields: [JSONFragment.Member] {
        var fields = [JSONFragment.Member("hpcs_archives", .array(objects.map(\.json)))]
        if !leftOut.isEmpty { fields.append(.init("left_out", .array(leftOut.map(\.json)))) }
        if let examinedLineCount, examinedLineCount > 0, !objects.isEmpty, objects.allSatisfy({ $0.lineCount == 0 }) {
            fields.append(.init("lines_examined", .integer(Int64(clamping: examinedLineCount))))
        }
        return fields
    }
}
