// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The group `tls` of the configuration.
struct KeySettings: Sendable {
    /// The absolute path of the directory for certificates and private keys; nil for `tls` in `state_dir`.
    let directory: String?

    init(_ settings: inout SettingReader) throws(SettingError) {
        directory = try settings.optionalPath(
            "directory",
            "Directory for certificates and private keys; null for tls in state_dir. It may be on a tmpfs."
        )
    }
}
