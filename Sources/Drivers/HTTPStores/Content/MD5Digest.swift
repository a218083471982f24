// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CCrypto
package import SteelyardCore

/// The one owner of a running MD5, which is what object stores check and report.
@safe package struct MD5Digest: ~Copyable {
    private let context: OpaquePointer

    package init() throws(ObjectStoreError) {
        guard let context = unsafe EVP_MD_CTX_new() else {
            throw ObjectStoreError(.sourceFailed, "no memory for a checksum")
        }
        guard unsafe EVP_DigestInit_ex(context, EVP_md5(), nil) == 1 else {
            unsafe EVP_MD_CTX_free(context)
            throw ObjectStoreError(.sourceFailed, "this system's OpenSSL allows no MD5; the object store needs it")
        }
        unsafe self.context = context
    }

    deinit { unsafe EVP_MD_CTX_free(context) }

    package func update(_ bytes: UnsafeRawBufferPointer) {
        unsafe EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
    }

    package func update(_ bytes: [UInt8]) { unsafe bytes.withUnsafeBytes { unsafe update($0) } }

    /// The checksum in lower-case hexadecimal digits; may be called once.
    package func finish() -> String {
        var bytes = [UInt8](repeating: 0, count: 16)
        unsafe EVP_DigestFinal_ex(context, &bytes, nil)
        return Hexadecimal.digits(of: bytes)
    }

    /// The checksum of some bytes, in lower-case hexadecimal digits.
    package static func hexDigits(of bytes: [UInt8]) throws(ObjectStoreError) -> String {
        let digest = try MD5Digest()
        digest.update(bytes)
        return digest.finish()
    }
}
