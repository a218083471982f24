// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The version of the agent, for DISCOVER.
public struct Release: Hashable, Sendable {
    /// `MAJOR.MINOR`.
    public let version: String
    /// The output of `git describe` for the build.
    public let release: String

    /// Creates a description of a build.
    public init(version: String, release: String) {
        self.version = version
        self.release = release
    }
}
