// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CSSL
package import SteelyardCore

/// Reads the certificates and keys of messages with OpenSSL.
package struct OpenSSLCertificateReader: CertificateReader {
    /// OpenSSL's security level 2, Debian's default for TLS: RSA keys of 2048 bits, elliptic curves of 224 bits.
    private static let securityBits: Int32 = 112

    /// The most iterations for the passphrase of a key: some tenths of a second.
    private static let greatestCost = 1_000_000

    package init() {}

    package func container(
        _ id: Identifier?,
        _ source: CertificateSource
    ) throws(InvalidValue) -> CertificateContainer {
        let given = try PEMText.certificates(source.certificate, member: "certificate")
        try requireValid(given[0], member: "certificate")
        var chain = given
        // A certificate is often sent with its chain in one text.
        var members = given.indices.map { _ in "certificate" }
        for (index, text) in source.intermediates.enumerated() {
            let member = "intermediates[\(index)]"
            for certificate in try PEMText.certificates(text, member: member) {
                try requireValid(certificate, member: member)
                chain.append(certificate)
                members.append(member)
            }
        }
        for index in chain.indices.dropFirst() where !chain[index - 1].isIssued(by: chain[index]) {
            throw InvalidValue(
                "is out of order: \(chain[index].subject) has not issued \(chain[index - 1].subject)",
                member: members[index]
            )
        }
        let key = try privateKey(source, for: chain[0])
        let texts = chain.compactMap(\.pem)
        let details = chain[0].details
        guard texts.count == chain.count, let sha256 = chain[0].sha256, let lastSecond = details.end else {
            throw InvalidValue("cannot be read", member: "certificate")
        }
        let content = CertificateContainer.Content(
            certificate: texts[0],
            intermediates: Array(texts.dropFirst()),
            privateKey: SecretText(key),
            names: details.names,
            lastSecond: lastSecond
        )
        guard let digest = ContentDigest.sha256(content.pem.secret.utf8) else {
            throw InvalidValue("cannot be read", member: "certificate")
        }
        // A container without an id is known by its certificate.
        let own = try Identifier(sha256.description)
        return CertificateContainer(id: id ?? own, sha256: sha256, digest: digest, content: content)
    }

    package func authorities(_ text: String) throws(InvalidValue) -> TrustFile {
        let certificates = try PEMText.certificates(text, member: nil)
        for certificate in certificates where unsafe X509_check_ca(certificate.pointer) == 0 {
            throw InvalidValue("has a certificate that is no certificate authority: \(certificate.subject)")
        }
        let isAnyValid = certificates.contains { !$0.details.hasExpired && !$0.details.isNotYetValid }
        guard isAnyValid else {
            throw InvalidValue("has no certificate authority that is valid now; no client could connect")
        }
        return try file(certificates.compactMap(\.pem).joined())
    }

    package func sha256(of certificate: String) throws(InvalidValue) -> SHA256Value {
        guard let sha256 = try PEMText.certificates(certificate, member: nil)[0].sha256 else {
            throw InvalidValue("cannot be read")
        }
        return sha256
    }

    package func revocations(_ text: String, of authorities: TrustFile) throws(InvalidValue) -> TrustFile {
        let lists = try unsafe PEMText.read(text, "certificate revocation list", nil) { source in
            unsafe steelyard_ssl_read_revocations(source).map { unsafe RevocationList($0) }
        }
        for list in lists where list.hasExpired {
            throw InvalidValue(
                "has a certificate revocation list of \(list.issuer) that has expired; no client could connect"
            )
        }
        for list in lists where list.isNotYetValid {
            throw InvalidValue(
                "has a certificate revocation list of \(list.issuer) that is not valid yet; no client could connect"
            )
        }
        // HAProxy needs a list of each certificate authority in the chain of a client.
        for authority in try PEMText.certificates(authorities.pem ?? "", member: nil)
        where !lists.contains(where: { $0.isIssued(by: authority) }) {
            throw InvalidValue(
                "has no certificate revocation list of \(authority.subject); no client of it could connect"
            )
        }
        return try file(lists.compactMap(\.pem).joined())
    }

    private func file(_ pem: String) throws(InvalidValue) -> TrustFile {
        guard let sha256 = ContentDigest.sha256(pem.utf8) else { throw InvalidValue("cannot be read") }
        return TrustFile(sha256: sha256, pem: pem)
    }

    private func requireValid(_ certificate: PEMText.Certificate, member: String) throws(InvalidValue) {
        let details = certificate.details
        if details.hasExpired {
            throw InvalidValue("has expired at \(details.lastSecond ?? "an invalid time")", member: member)
        }
        if details.isNotYetValid {
            throw InvalidValue("is not valid before \(details.firstSecond ?? "an invalid time")", member: member)
        }
    }

    /// The iterations with which a passphrase is turned into the key that decrypts a private key.
    private func keyCost(_ text: String) -> Int {
        defer { OpenSSLErrors.clear() }
        return unsafe PEMText.withSource(text) { source in unsafe Int(steelyard_ssl_key_cost(source)) }
    }

    /// Returns the decrypted key in PEM.
    private func privateKey(
        _ source: CertificateSource,
        for certificate: PEMText.Certificate
    ) throws(InvalidValue) -> String {
        let member = "private_key"
        guard source.privateKey.secret.utf8.count <= PEMText.longest else {
            throw InvalidValue("has more than \(PEMText.longest) bytes", member: member)
        }
        guard keyCost(source.privateKey.secret) <= Self.greatestCost else {
            throw InvalidValue(
                "takes too long to decrypt: use PBKDF2 with at most \(Self.greatestCost) iterations, or send it decrypted",
                member: member
            )
        }
        var wasAsked = false
        OpenSSLErrors.clear()
        let key: OpaquePointer? = unsafe PEMText.withSource(source.privateKey.secret) { text in
            var passphrase = source.passphrase?.secret ?? ""
            return passphrase.withUTF8 { bytes in
                unsafe bytes.withMemoryRebound(to: CChar.self) { bytes in
                    var given = unsafe steelyard_ssl_passphrase(
                        text: source.passphrase == nil ? nil : bytes.baseAddress,
                        length: Int32(bytes.count),
                        was_asked: 0
                    )
                    let key = unsafe steelyard_ssl_read_key(text, &given)
                    unsafe wasAsked = given.was_asked == 1
                    return unsafe key
                }
            }
        }
        OpenSSLErrors.clear()
        guard let key = unsafe key else {
            guard wasAsked else { throw InvalidValue("has no private key in PEM", member: member) }
            throw source.passphrase == nil
                ? InvalidValue("is missing; the private key is encrypted", member: "passphrase")
                : InvalidValue("does not decrypt the private key", member: "passphrase")
        }
        defer { unsafe EVP_PKEY_free(key) }
        guard unsafe X509_check_private_key(certificate.pointer, key) == 1 else {
            OpenSSLErrors.clear()
            throw InvalidValue("does not match the certificate", member: member)
        }
        guard unsafe EVP_PKEY_get_security_bits(key) >= Self.securityBits else {
            let bits = unsafe EVP_PKEY_get_bits(key)
            throw InvalidValue("has only \(bits) bits; RSA needs 2048, elliptic curves 224", member: member)
        }
        let text = unsafe PEMText.written { target in
            unsafe PEM_write_bio_PrivateKey(target, key, nil, nil, 0, nil, nil)
        }
        guard let text else { throw InvalidValue("cannot be read", member: member) }
        return text
    }
}

/// A certificate revocation list that OpenSSL has read.
@safe private final class RevocationList {
    private let pointer: OpaquePointer

    /// Takes ownership.
    init(_ pointer: OpaquePointer) { unsafe self.pointer = pointer }

    deinit { unsafe X509_CRL_free(pointer) }

    var pem: String? { unsafe PEMText.written { target in unsafe PEM_write_bio_X509_CRL(target, pointer) } }

    var hasExpired: Bool {
        unsafe X509_CRL_get0_nextUpdate(pointer).map { unsafe X509_cmp_current_time($0) < 0 } ?? false
    }

    var isNotYetValid: Bool {
        unsafe X509_CRL_get0_lastUpdate(pointer).map { unsafe X509_cmp_current_time($0) > 0 } ?? false
    }

    var issuer: String {
        var text = [CChar](repeating: 0, count: 65)
        guard let name = unsafe X509_CRL_get_issuer(pointer) else { return "no name" }
        let count = unsafe X509_NAME_get_text_by_NID(name, NID_commonName, &text, Int32(text.count))
        guard count > 0 else { return "no name" }
        let bytes = text.prefix(Int(count)).map { UInt8(bitPattern: $0) }
        return String(decoding: bytes.map { 0x21...0x7E ~= $0 ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }

    func isIssued(by authority: PEMText.Certificate) -> Bool {
        guard let name = unsafe X509_CRL_get_issuer(pointer),
            let subject = unsafe X509_get_subject_name(authority.pointer),
            unsafe X509_NAME_cmp(name, subject) == 0, let key = unsafe X509_get0_pubkey(authority.pointer)
        else { return false }
        return unsafe X509_CRL_verify(pointer, key) == 1
    }
}
