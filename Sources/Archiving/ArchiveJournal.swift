// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

public import SteelyardCore

/// Keeps, for each load balancer, what has been archived of its log, so that it survives the agent.
///
/// Core opens no file: whoever runs it says where the records are.
public protocol ArchiveJournal: Sendable {
    /// Reads a record.
    ///
    /// - Returns: nil where there is none.
    /// - Throws: `ArchiveJournalError`.
    func read(_ key: ArchiveJournalKey) throws(ArchiveJournalError) -> [UInt8]?

    /// Replaces a record: when this returns, the new one outlives a crash, and before, the old one does.
    ///
    /// - Throws: `ArchiveJournalError`.
    func write(_ record: [UInt8], for key: ArchiveJournalKey) throws(ArchiveJournalError)

    /// Gives a record that cannot be understood another name, under which somebody can look at it.
    func setAside(_ key: ArchiveJournalKey)

    /// Removes all records.
    ///
    /// - Throws: `ArchiveJournalError`.
    func removeAll() throws(ArchiveJournalError)
}

/// What a record is of: a load balancer, as it stands in the messages, and which of the device's two it is.
public struct ArchiveJournalKey: Hashable, Sendable {
    /// The load balancer.
    public let id: Identifier
    /// Which of the device's two kinds of traffic it has.
    public let metered: MeteredProtocol

    /// Creates a key.
    public init(id: Identifier, metered: MeteredProtocol) {
        self.id = id
        self.metered = metered
    }
}

/// Says why a record cannot be read or written.
public struct ArchiveJournalError: Error, Hashable, Sendable, CustomStringConvertible {
    /// One sentence: what is wrong, where, and what to do.
    public let description: String

    /// Creates an error.
    public init(_ description: String) { self.description = description }
}
