// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CCrypto
import SteelyardCore

/// The one owner of a running MD5, which is what OpenStack Swift checks and reports.
@safe struct MD5Digest: ~Copyable {
    private let context: OpaquePointer

    init() throws(ObjectStoreError) {
        guard let context = unsafe EVP_MD_CTX_new() else {
            throw ObjectStoreError(.sourceFailed, "no memory for a checksum")
        }
        guard unsafe EVP_DigestInit_ex(context, EVP_md5(), nil) == 1 else {
            unsafe EVP_MD_CTX_free(context)
            throw ObjectStoreError(.sourceFailed, "this system's OpenSSL allows no MD5; OpenStack Swift needs it")
        }
        unsafe self.context = context
    }

    deinit { unsafe EVP_MD_CTX_free(context) }

    func update(_ bytes: UnsafeRawBufferPointer) { unsafe EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) }

    func update(_ bytes: [UInt8]) { unsafe bytes.withUnsafeBytes { unsafe update($0) } }

    /// The checksum in lower-case hexadecimal digits; may be called once.
    func finish() -> String {
        var bytes = [UInt8](repeating: 0, count: 16)
        unsafe EVP_DigestFinal_ex(context, &bytes, nil)
        let digits = Array("0123456789abcdef".utf8)
        let text = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }

    /// The checksum of some bytes, in lower-case hexadecimal digits.
    static func hexDigits(of bytes: [UInt8]) throws(ObjectStoreError) -> String {
        let digest = try MD5Digest()
        digest.update(bytes)
        return digest.finish()
    }
}
