// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Whether the value of a name is a secret: `password`, `X-Auth-Token`, `hpcs_object_store_secret_key`, `accessKey`.
struct SecretName {
    private static let secrets: Set<String> = [
        "password", "passwd", "passphrase", "pwd", "pass", "secret", "secrets", "token", "tokens", "credential",
        "credentials", "authorization", "auth", "bearer", "apikey", "signature", "sig",
    ]

    /// Whether a part of it names a secret.
    let isSecret: Bool
    /// Whether it is a key, which may also be a name or the path of a file.
    let isKey: Bool
    /// Whether it is an option of a command line.
    let isOption: Bool
    /// Whether it comes before a token.
    let isBearer: Bool
    /// Whether a password follows it, in every syntax.
    let isPassword: Bool
    /// Whether it is HAProxy's `insecure-password`, which a password in plain text follows.
    let isPlainPassword: Bool

    init(_ word: ArraySlice<UInt8>) {
        let parts = Self.parts(word)
        isSecret = parts.contains { Self.secrets.contains($0) }
        isKey = parts.contains("key")
        isOption = word.first == UInt8(ascii: "-")
        isBearer = parts == ["bearer"]
        isPassword = parts.last == "password"
        isPlainPassword = parts == ["insecure", "password"]
    }

    /// The parts of a name in lower case: `accessKey` has two.
    private static func parts(_ word: ArraySlice<UInt8>) -> [String] {
        var parts = [""]
        var wasLower = false
        for byte in word {
            guard !"_-.".utf8.contains(byte) else {
                parts.append("")
                wasLower = false
                continue
            }
            let isUpper = 0x41...0x5A ~= byte
            if isUpper, wasLower { parts.append("") }
            parts[parts.count - 1].unicodeScalars.append(Unicode.Scalar(isUpper ? byte | 0x20 : byte))
            wasLower = !isUpper
        }
        return parts
    }
}
