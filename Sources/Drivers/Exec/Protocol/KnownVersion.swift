// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The agent's knowledge of the driver program's configuration version.
enum KnownVersion: Hashable, Sendable {
    /// The program must be queried.
    case unknown
    /// The version; nil if the configuration has none.
    case known(ConfigurationVersion?)
}
