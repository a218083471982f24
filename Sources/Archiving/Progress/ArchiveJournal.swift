// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import SteelyardCore

/// Stores the archive record of each load balancer persistently.
package protocol ArchiveJournal: Sendable {
    /// Reads a record.
    ///
    /// - Returns: nil if there is none.
    func read(_ key: ArchiveJournalKey) throws(ArchiveJournalError) -> [UInt8]?

    /// Replaces a record atomically; the new record is on disk once this returns.
    func write(_ record: [UInt8], for key: ArchiveJournalKey) throws(ArchiveJournalError)

    /// Renames a record that cannot be decoded, so that an operator can examine it.
    func setAside(_ key: ArchiveJournalKey)

    /// Removes all records.
    func removeAll() throws(ArchiveJournalError)
}

/// The key of a record: the id of a load balancer and its proxy kind.
package struct ArchiveJournalKey: Hashable, Sendable {
    package let id: Identifier
    package let metered: MeteredProtocol

    package init(id: Identifier, metered: MeteredProtocol) {
        self.id = id
        self.metered = metered
    }
}

/// The error of a record that cannot be read or written.
package struct ArchiveJournalError: Error, Hashable, Sendable, CustomStringConvertible {
    /// One sentence: what is wrong, where, and what to do.
    package let description: String

    package init(_ description: String) { self.description = description }
}
