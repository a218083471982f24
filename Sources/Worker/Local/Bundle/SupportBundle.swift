// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The files of a bundle for support, with secrets masked, and a manifest of what is inside and what is not.
struct SupportBundle {
    private struct Item {
        let name: String
        let source: String
        var bytes: [UInt8]
        /// The places of secrets in it.
        var secrets: [Range<Int>] = []
    }

    /// Of a longer text, the end is kept.
    private static let longestItem = 4 << 20

    private let title: String
    private var items: [Item] = []
    private var leftOut: [(name: String, reason: String)] = []
    private var mask = SecretMask()

    /// - Parameter title: The first line of the manifest.
    init(title: String) { self.title = title }

    /// Masks a value in all files.
    mutating func addSecret(_ secret: String) { mask.add(secret.utf8, isSure: true) }

    /// Adds a file.
    ///
    /// - Parameters:
    ///   - name: Its name in the bundle.
    ///   - source: Where it comes from, for the manifest.
    mutating func add(_ name: String, from source: String, _ bytes: [UInt8], _ syntax: SecretMask.Syntax = .log) {
        let isCut = bytes.count > Self.longestItem
        let end = isCut ? Array(bytes.suffix(Self.longestItem).drop { $0 != UInt8(ascii: "\n") }) : bytes
        let source = isCut ? "\(source), its end" : source
        items.append(Item(name: name, source: source, bytes: end, secrets: mask.learn(end, syntax)))
    }

    /// Adds a file of text.
    mutating func add(_ name: String, from source: String, _ text: String, _ syntax: SecretMask.Syntax = .log) {
        add(name, from: source, Array(text.utf8), syntax)
    }

    /// Notes what the bundle does not have.
    mutating func leaveOut(_ name: String, _ reason: String) { leftOut.append((name, reason)) }

    /// The archive, with all files in one directory.
    func archive(in directory: String, time: UTCTimestamp) -> [UInt8] {
        var archive = TarArchive(time: time.microseconds / 1_000_000)
        // Only now all secrets are known: a file may name a secret that an earlier one contains.
        let masked = items.map { Item(name: $0.name, source: $0.source, bytes: mask.masked($0.bytes, $0.secrets)) }
        archive.add("\(directory)/MANIFEST.txt", mask.masked(Array(manifest(of: masked).utf8)))
        for item in masked { archive.add("\(directory)/\(item.name)", item.bytes) }
        return archive.bytes
    }

    private func manifest(of items: [Item]) -> String {
        let lines = items.map { "  \($0.name)  \($0.bytes.count) bytes, \($0.source)\n" }
        let left = leftOut.map { "  \($0.name): \($0.reason)\n" }
        return """
            \(title)

            Values of passwords, tokens and keys are replaced by \(SecretMask.replacement). Look through the files before you \
            pass them on: they have addresses and names of this device and of its nodes.

            Inside:
            \(lines.joined())
            Left out:
            \(left.joined())
            """
    }
}
