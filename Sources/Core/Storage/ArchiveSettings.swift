// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The settings of the group `archive`.
package struct ArchiveSettings: Sendable {
    /// Which part of the log an ARCHIVE stores.
    package enum Mode: String, Hashable, Sendable, CaseIterable {
        /// The whole log.
        case full
        /// The lines that no earlier ARCHIVE has stored.
        case incremental
    }

    /// `archive.endpoints`: the only endpoints allowed for ARCHIVE; if empty, all without a local address.
    package let endpoints: [AllowedEndpoint]
    /// `archive.mode`: which part of the log an ARCHIVE stores.
    package let mode: Mode
    /// `archive.ca`: a PEM file of certificate authorities to trust instead of the system's.
    package let certificateAuthorityFile: String?
    /// `archive.compression_level`: 1, the fastest, to 12, the smallest result.
    package let compressionLevel: Int
    /// `archive.segment_bytes`: the maximum size of one object or part, in bytes.
    package let segmentBytes: Int

    /// The prefix of the keys.
    package static let group = "archive"

    /// Reads the settings.
    ///
    /// - Throws: `SettingError`.
    package init(_ settings: inout SettingReader) throws(SettingError) {
        endpoints = try settings.value(
            "endpoints",
            default: [],
            syntax: "list of URLs, hosts or HOST:PORT",
            "The only endpoints allowed for ARCHIVE. If empty, all without a local address.",
            show: { .list($0.map { .string($0.description) }) },
            parse: { value throws(InvalidValue) in
                var endpoints: [AllowedEndpoint] = []
                for text in try value.strings() { endpoints.append(try AllowedEndpoint(text)) }
                return endpoints
            }
        )
        mode = try settings.choice("mode", default: .full, "Which part of the log an ARCHIVE stores.")
        certificateAuthorityFile = try settings.optionalPath(
            "ca",
            "PEM file of certificate authorities to trust instead of the system's."
        )
        compressionLevel = try settings.integer(
            "compression_level",
            default: 6,
            in: 1...12,
            "1 is the fastest; 12 gives the smallest objects."
        )
        segmentBytes = try settings.integer(
            "segment_bytes",
            default: 5_368_709_120,
            in: 1_048_576...5_368_709_120,
            "Larger objects are stored in segments or parts of this size."
        )
    }
}
