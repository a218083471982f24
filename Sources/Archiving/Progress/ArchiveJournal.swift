// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import SteelyardCore

/// Keeps the record of each load balancer, so that it survives the agent.
package protocol ArchiveJournal: Sendable {
    /// Reads a record.
    ///
    /// - Returns: nil if there is none.
    func read(_ key: ArchiveJournalKey) throws(ArchiveJournalError) -> [UInt8]?

    /// Replaces a record: after a crash there is either the old one or the new one, and the new one once this returns.
    func write(_ record: [UInt8], for key: ArchiveJournalKey) throws(ArchiveJournalError)

    /// Renames a record that cannot be decoded, so that it can be examined.
    func setAside(_ key: ArchiveJournalKey)

    /// Removes all records.
    func removeAll() throws(ArchiveJournalError)
}

/// What a record is about: a load balancer's id, and its kind of traffic.
package struct ArchiveJournalKey: Hashable, Sendable {
    package let id: Identifier
    package let metered: MeteredProtocol

    package init(id: Identifier, metered: MeteredProtocol) {
        self.id = id
        self.metered = metered
    }
}

/// Says why a record cannot be read or written.
package struct ArchiveJournalError: Error, Hashable, Sendable, CustomStringConvertible {
    /// One sentence: what is wrong, where, and what to do.
    package let description: String

    package init(_ description: String) { self.description = description }
}
