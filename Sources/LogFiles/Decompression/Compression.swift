// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The supported compression formats.
package enum Compression: String, CaseIterable, Hashable, Sendable, CustomStringConvertible {
    case gzip, xz, zstd, bzip2

    /// The format's name.
    package var description: String { rawValue }

    /// The format of a file, detected by its first bytes.
    package enum Content: Hashable, Sendable {
        /// No format with known first bytes: read as text.
        case plain
        /// A supported format.
        case compressed(Compression)
        /// An unsupported format, by its name.
        case unknown(String)
    }

    private struct Magic {
        let bytes: [UInt8]
        let content: Content
    }

    /// The number of bytes that ``content(of:)`` examines at most.
    package static let magicSize = 6

    private static let magics = [
        Magic(bytes: [0x1F, 0x8B], content: .compressed(.gzip)),
        Magic(bytes: [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], content: .compressed(.xz)),
        Magic(bytes: [0x28, 0xB5, 0x2F, 0xFD], content: .compressed(.zstd)),
        Magic(bytes: Array("BZh".utf8), content: .compressed(.bzip2)),
        Magic(bytes: [0x04, 0x22, 0x4D, 0x18], content: .unknown("lz4")),
        Magic(bytes: [0x02, 0x21, 0x4C, 0x18], content: .unknown("lz4")),
        Magic(bytes: Array("PK".utf8) + [0x03, 0x04], content: .unknown("zip")),
        Magic(bytes: [0x1F, 0x9D], content: .unknown("compress")),
        Magic(bytes: Array("LZIP".utf8), content: .unknown("lzip")),
        Magic(bytes: [0x89, 0x4C, 0x5A, 0x4F], content: .unknown("lzop")),
        Magic(bytes: [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], content: .unknown("7z")),
    ]

    /// Detects a format by the first bytes of a file.
    package static func content(of head: some Collection<UInt8>) -> Content {
        // pzstd writes a skippable frame first.
        if let first = head.first, first & 0xF0 == 0x50, head.dropFirst().starts(with: skippableFrame) {
            return .compressed(.zstd)
        }
        return magics.first { head.starts(with: $0.bytes) }?.content ?? .plain
    }

    private static let skippableFrame: [UInt8] = [0x2A, 0x4D, 0x18]

    /// The format of a file name extension, in the spelling of ``Content``; nil for other extensions.
    package static func format(ending: some StringProtocol) -> String? {
        switch ending {
        case "gz", "gzip": "gzip"
        case "xz": "xz"
        case "zst", "zstd": "zstd"
        case "bz2", "bzip2": "bzip2"
        case "Z": "compress"
        case "br": "brotli"
        case "lz": "lzip"
        case "lz4": "lz4"
        case "lzma": "lzma"
        case "lzo": "lzop"
        case "zip": "zip"
        case "7z": "7z"
        default: nil
        }
    }
}
