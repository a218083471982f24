// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CCrypto
package import SteelyardCore

/// The SHA-256 context that this object owns.
@safe package struct SHA256Digest: ~Copyable {
    private let context: OpaquePointer

    package init() throws(ObjectStoreError) {
        guard let context = unsafe EVP_MD_CTX_new() else {
            throw ObjectStoreError(.sourceFailed, "out of memory for a checksum")
        }
        guard unsafe EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            unsafe EVP_MD_CTX_free(context)
            throw ObjectStoreError(.sourceFailed, "this system's OpenSSL does not allow SHA-256, which is required")
        }
        unsafe self.context = context
    }

    deinit { unsafe EVP_MD_CTX_free(context) }

    package func update(_ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBytes { bytes in
            _ = unsafe EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
        }
    }

    /// Returns the checksum in lower-case hexadecimal digits; call at most once.
    package func finish() -> String {
        var bytes = [UInt8](repeating: 0, count: 32)
        unsafe EVP_DigestFinal_ex(context, &bytes, nil)
        return Hexadecimal.digits(of: bytes)
    }

    /// Returns the checksum of bytes in lower-case hexadecimal digits.
    package static func hexDigits(of bytes: [UInt8]) throws(ObjectStoreError) -> String {
        let digest = try SHA256Digest()
        digest.update(bytes)
        return digest.finish()
    }
}
