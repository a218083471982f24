// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Which version of the agent this is, for DISCOVER.
public struct Release: Hashable, Sendable {
    /// `MAJOR.MINOR`.
    public let version: String
    /// What `git describe` says of the build.
    public let release: String

    /// Creates a description of a build.
    public init(version: String, release: String) {
        self.version = version
        self.release = release
    }
}
