// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CSSL
package import SteelyardCore

/// The SHA-256 of a text.
package enum ContentDigest {
    package static func sha256(_ text: some Sequence<UInt8>) -> SHA256Value? {
        let bytes = Array(text)
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        guard unsafe EVP_Digest(bytes, bytes.count, &digest, &count, EVP_sha256(), nil) == 1 else { return nil }
        return SHA256Value(bytes: Array(digest.prefix(Int(count))))
    }
}
