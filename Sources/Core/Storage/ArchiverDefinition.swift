// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// What ships logs, as a program registers it.
///
/// Without one, a program knows no ARCHIVE and has no settings of the group `archive`.
public struct ArchiverDefinition: Sendable {
    package let make: @Sendable (ArchiveSettings, ArchiverContext) -> any LogArchiver

    /// Creates a definition.
    ///
    /// - Parameter make: Makes an archiver: at the start, and again on each reload of the configuration.
    package init(make: @escaping @Sendable (ArchiveSettings, ArchiverContext) -> any LogArchiver) { self.make = make }
}

/// What the agent gives an archiver that is made.
package struct ArchiverContext: Sendable {
    /// The stores by their types.
    package let stores: [String: any ObjectStore]
    /// What the objects' names begin with.
    package let logName: String
    /// Where it is noted what has been archived, absolute; nil to note nothing, for an archive of the whole log while
    /// another agent runs.
    package let stateDirectory: String?
    /// Whether nothing may be sent.
    package let isDryRun: Bool

    /// Creates a context.
    package init(stores: [String: any ObjectStore], logName: String, stateDirectory: String?, isDryRun: Bool) {
        self.stores = stores
        self.logName = logName
        self.stateDirectory = stateDirectory
        self.isDryRun = isDryRun
    }
}
