// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// What the agent knows of the version of the configuration that a driver program keeps.
enum KnownVersion: Hashable, Sendable {
    /// The program has to be asked.
    case unknown
    /// The version; nil where the configuration has none.
    case known(ConfigurationVersion?)
}
