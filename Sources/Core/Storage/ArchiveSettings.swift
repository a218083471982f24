// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// `archive`: how logs are shipped.
package struct ArchiveSettings: Sendable {
    /// What an ARCHIVE takes of the log.
    package enum Mode: String, Hashable, Sendable, CaseIterable {
        /// All that the log has.
        case full
        /// What no ARCHIVE has taken before.
        case incremental
    }

    /// `archive.endpoints`: the only endpoints that an ARCHIVE may send to; if empty, all that have no local address.
    package let endpoints: [AllowedEndpoint]
    /// `archive.mode`: what an ARCHIVE takes of the log.
    package let mode: Mode
    /// `archive.ca`: a PEM file of certificate authorities to trust in place of the system's.
    package let certificateAuthorityFile: String?
    /// `archive.compression_level`: 1, the fastest, to 12, the smallest result.
    package let compressionLevel: Int
    /// `archive.segment_bytes`: the greatest number of bytes of one object or part.
    package let segmentBytes: Int

    /// The group of its keys.
    package static let group = "archive"

    /// Reads the settings.
    ///
    /// - Throws: `SettingError`.
    package init(_ settings: inout SettingReader) throws(SettingError) {
        endpoints = try settings.value(
            "endpoints",
            default: [],
            syntax: "list of URLs, hosts or HOST:PORT",
            "The only endpoints that an ARCHIVE may send to. If empty, all that have no local address.",
            show: { .list($0.map { .string($0.description) }) },
            parse: { value throws(InvalidValue) in
                var endpoints: [AllowedEndpoint] = []
                for text in try value.strings() { endpoints.append(try AllowedEndpoint(text)) }
                return endpoints
            }
        )
        mode = try settings.choice("mode", default: .full, "What an ARCHIVE takes of the log.")
        certificateAuthorityFile = try settings.optionalPath(
            "ca",
            "PEM file of certificate authorities to trust in place of the system's."
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
