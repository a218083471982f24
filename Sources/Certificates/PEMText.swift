// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CSSL
import SteelyardCore

/// Reads and writes PEM (RFC 7468).
enum PEMText {
    /// Longer texts, in bytes, are refused.
    static let longest = 1 << 20

    /// A certificate that OpenSSL has read.
    @safe final class Certificate {
        let pointer: OpaquePointer

        /// Takes ownership.
        init(_ pointer: OpaquePointer) { unsafe self.pointer = pointer }

        deinit { unsafe X509_free(pointer) }
    }

    /// Reads all certificates of a text; skips comments.
    ///
    /// - Throws: `InvalidValue` for a text without a certificate, and for a corrupt one.
    static func certificates(_ text: String, member: String?) throws(InvalidValue) -> [Certificate] {
        unsafe try read(text, "certificate", member) { source in
            unsafe steelyard_ssl_read_certificate(source).map { unsafe Certificate($0) }
        }
    }

    /// Reads all blocks of one kind; OpenSSL skips the others.
    ///
    /// - Parameter read: Reads the next block; nil at the end, and for a corrupt one.
    /// - Throws: `InvalidValue` for a text without such a block, and for a corrupt one.
    static func read<Block>(
        _ text: String,
        _ kind: String,
        _ member: String?,
        _ read: (OpaquePointer) -> Block?
    ) throws(InvalidValue) -> [Block] {
        guard text.utf8.count <= longest else {
            throw InvalidValue("has \(text.utf8.count) bytes; the limit is \(longest)", member: member)
        }
        var blocks: [Block] = []
        OpenSSLErrors.clear()
        let isWhole = unsafe withSource(text) { source in
            while let block = unsafe read(source) { blocks.append(block) }
            return steelyard_ssl_is_end_of_pem() == 1
        }
        guard isWhole else { throw InvalidValue("has a corrupt \(kind) in PEM", member: member) }
        guard !blocks.isEmpty else { throw InvalidValue("has no \(kind) in PEM", member: member) }
        return blocks
    }

    /// Calls a closure with a BIO that reads a text.
    static func withSource<Result>(_ text: String, _ body: (OpaquePointer) -> Result) -> Result {
        var text = text
        return text.withUTF8 { bytes in
            guard let source = unsafe BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count)) else {
                fatalError("no memory")
            }
            defer { unsafe BIO_free(source) }
            return unsafe body(source)
        }
    }

    /// Returns what a closure writes to a BIO; nil if it fails.
    static func written(_ write: (OpaquePointer) -> Int32) -> String? {
        guard let target = unsafe BIO_new(BIO_s_secmem()) else { return nil }
        defer { unsafe BIO_free(target) }
        guard unsafe write(target) == 1 else { return nil }
        var bytes: UnsafePointer<CChar>?
        let count = unsafe steelyard_ssl_memory(target, &bytes)
        guard count > 0, let start = unsafe bytes else { return nil }
        return unsafe String(
            decoding: UnsafeRawBufferPointer(start: start, count: count),
            as: UTF8.self
        )
    }
}

extension PEMText.Certificate {
    /// The certificate in PEM, without comments.
    var pem: String? { unsafe PEMText.written { target in unsafe PEM_write_bio_X509(target, pointer) } }

    var details: CertificateDetails { unsafe CertificateDetails(pointer) }

    /// The subject, for an error.
    var subject: String { details.names.first ?? "no name" }

    /// The SHA-256 of the certificate in DER.
    var sha256: SHA256Value? { unsafe SHA256Value(bytes: digest(EVP_sha256())) }

    /// The SHA-1 of the certificate in DER: 40 hexadecimal digits in lower case.
    var sha1: String {
        unsafe digest(EVP_sha1()).map { (($0 < 16 ? "0" : "") + String($0, radix: 16)) }.joined()
    }

    private func digest(_ kind: OpaquePointer?) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        guard unsafe X509_digest(pointer, kind, &digest, &count) == 1 else { return [] }
        return Array(digest.prefix(Int(count)))
    }

    /// Whether another certificate is its issuer, by name and signature.
    func isIssued(by issuer: PEMText.Certificate) -> Bool {
        guard unsafe X509_check_issued(issuer.pointer, pointer) == X509_V_OK,
            let key = unsafe X509_get0_pubkey(issuer.pointer)
        else { return false }
        return unsafe X509_verify(pointer, key) == 1
    }
}
