// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CCrypto
package import SteelyardCore

/// The one owner of a running SHA-256.
@safe package struct SHA256Digest: ~Copyable {
    private let context: OpaquePointer

    package init() throws(ObjectStoreError) {
        guard let context = unsafe EVP_MD_CTX_new() else {
            throw ObjectStoreError(.sourceFailed, "no memory for a checksum")
        }
        guard unsafe EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            unsafe EVP_MD_CTX_free(context)
            throw ObjectStoreError(.sourceFailed, "this system's OpenSSL allows no SHA-256; the object store needs it")
        }
        unsafe self.context = context
    }

    deinit { unsafe EVP_MD_CTX_free(context) }

    package func update(_ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBytes { bytes in
            _ = unsafe EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
        }
    }

    /// The checksum in lower-case hexadecimal digits; may be called once.
    package func finish() -> String {
        var bytes = [UInt8](repeating: 0, count: 32)
        unsafe EVP_DigestFinal_ex(context, &bytes, nil)
        return Hexadecimal.digits(of: bytes)
    }

    /// The checksum of some bytes, in lower-case hexadecimal digits.
    package static func hexDigits(of bytes: [UInt8]) throws(ObjectStoreError) -> String {
        let digest = try SHA256Digest()
        digest.update(bytes)
        return digest.finish()
    }
}
