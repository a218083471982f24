// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A log archiver, as a program registers it.
///
/// Without one, a program rejects ARCHIVE and has no settings of the group `archive`.
public struct ArchiverDefinition: Sendable {
    package let make: @Sendable (ArchiveSettings, ArchiverContext) -> any LogArchiver

    /// Creates a definition.
    ///
    /// - Parameter make: Makes the archiver: at startup and on each reload of the configuration.
    package init(make: @escaping @Sendable (ArchiveSettings, ArchiverContext) -> any LogArchiver) { self.make = make }
}

/// The agent's parameters for a new archiver.
package struct ArchiverContext: Sendable {
    /// The stores by type.
    package let stores: [String: any ObjectStore]
    /// The prefix of the objects' file names.
    package let logName: String
    /// The absolute path of the directory for the archive state; nil to store no state, for an archive of the whole log
    /// while another agent runs.
    package let stateDirectory: String?
    /// Whether nothing is sent.
    package let isDryRun: Bool

    /// Creates a context.
    package init(stores: [String: any ObjectStore], logName: String, stateDirectory: String?, isDryRun: Bool) {
        self.stores = stores
        self.logName = logName
        self.stateDirectory = stateDirectory
        self.isDryRun = isDryRun
    }
}
