// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The lines in which haproxy.cfg differs, for the log and for `steelyard status`: another program may have written a password.
enum DriftText {
    /// Parts of the names of what may have a secret as its value.
    private static let secretive = [
        "auth", "password", "header", "hdr", "setenv", "secret", "token", "key", "user", "cookie", "acl", "-m ", "lua",
        "cred",
    ]

    /// Returns the lines with the values of added lines removed if they may be secret: the directive stays.
    static func masked(_ lines: String) -> String {
        lines.split(separator: "\n", omittingEmptySubsequences: false).map(masked).joined(separator: "\n")
    }

    private static func masked(_ line: Substring) -> String {
        let lower = line.lowercased()
        guard line.hasPrefix("+"), secretive.contains(where: { lower.contains($0) }) else { return String(line) }
        let words = line.dropFirst().split(separator: " ", maxSplits: 2)
        return "+ \(words.first ?? "") (masked)"
    }
}
