// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CSSL
import Glibc
import SteelyardCertificates

/// Owns one `SSL_CTX`: the certificate authorities, the client certificate and its key, read once.
///
/// A session retains the parts of its context that it needs. After a rotation of the files, a new context replaces the
/// old one; established sessions continue.
// Unchecked: nothing changes the SSL_CTX after the initializer, and OpenSSL locks its reference count.
@safe final class TLSContext: @unchecked Sendable {
    private let context: OpaquePointer
    /// `gearman.tls.server_name`; nil for the host of each job server.
    let serverName: String?

    /// Reads and validates all files.
    ///
    /// - Throws: `TLSError` with the key of the file at fault: it cannot be read, is not PEM, is an encrypted key or
    ///   one that does not match the certificate, or is an expired client certificate.
    init(_ settings: TLSSettings) throws(TLSError) {
        OpenSSLErrors.clear()
        guard let context = unsafe SSL_CTX_new(TLS_client_method()) else {
            throw TLSError(.failed, "OpenSSL cannot make a TLS context: \(OpenSSLErrors.drain().reason)")
        }
        unsafe self.context = context
        serverName = settings.serverName
        guard unsafe steelyard_ssl_require_tls_1_2(context) == 1 else {
            throw TLSError(.failed, "OpenSSL does not allow TLS 1.2: \(OpenSSLErrors.drain().reason)")
        }
        unsafe steelyard_ssl_set_options(context)
        unsafe steelyard_ssl_set_modes(context)
        unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        unsafe steelyard_ssl_refuse_passphrases(context, nil)
        try loadAuthorities(settings.ca)
        switch (settings.certificate, settings.key) {
        case (let certificate?, let key?):
            try loadCertificate(certificate)
            try loadKey(key, for: certificate)
        case (nil, nil): break
        case (nil, _?): throw TLSError(.unusableFile, key: Key.certificate, "must be set because \(Key.key) is")
        case (_?, nil): throw TLSError(.unusableFile, key: Key.key, "must be set because \(Key.certificate) is")
        }
    }

    deinit { unsafe SSL_CTX_free(context) }

    /// Creates an `SSL` with the settings of this context, owned by the caller; nil if memory is exhausted.
    func makeSession() -> OpaquePointer? { unsafe SSL_new(context) }

    /// The configuration keys for errors.
    private enum Key {
        static let ca = "gearman.tls.ca"
        static let certificate = "gearman.tls.certificate"
        static let key = "gearman.tls.key"
    }

    private func loadAuthorities(_ path: String?) throws(TLSError) {
        guard let path else {
            guard unsafe SSL_CTX_set_default_verify_paths(context) == 1 else {
                let reason = OpenSSLErrors.drain().reason
                throw TLSError(.unusableFile, key: Key.ca, "must be set: the system has no authorities: \(reason)")
            }
            return
        }
        try Self.requireFile(path, Key.ca)
        guard unsafe SSL_CTX_load_verify_file(context, path) == 1 else {
            throw Self.unusable(path, Key.ca, holds: "certificate authorities", OpenSSLErrors.drain())
        }
    }

    private func loadCertificate(_ path: String) throws(TLSError) {
        try Self.requireFile(path, Key.certificate)
        guard unsafe SSL_CTX_use_certificate_chain_file(context, path) == 1 else {
            throw Self.unusable(path, Key.certificate, holds: "a certificate", OpenSSLErrors.drain())
        }
        // Borrowed from the context.
        guard let pointer = unsafe SSL_CTX_get0_certificate(context) else { return }
        let certificate = unsafe CertificateDetails(pointer)
        guard !certificate.hasExpired else {
            let end = certificate.lastSecond ?? "an unknown time"
            throw TLSError(
                .unusableFile,
                key: Key.certificate,
                "\(path) is a certificate that expired at \(end); renew it"
            )
        }
    }

    private func loadKey(_ path: String, for certificate: String) throws(TLSError) {
        try Self.requireFile(path, Key.key)
        var wasAsked: Int32 = 0
        let result = unsafe withUnsafeMutablePointer(to: &wasAsked) { pointer in
            unsafe steelyard_ssl_refuse_passphrases(context, pointer)
            defer { unsafe steelyard_ssl_refuse_passphrases(context, nil) }
            return unsafe SSL_CTX_use_PrivateKey_file(context, path, SSL_FILETYPE_PEM)
        }
        // Does nothing if the key was not loaded; a key of another type than the certificate loads without an error.
        let fits = unsafe result == 1 && SSL_CTX_check_private_key(context) == 1
        guard !fits else { return }
        let errors = OpenSSLErrors.drain()
        if wasAsked != 0 {
            throw TLSError(
                .unusableFile,
                key: Key.key,
                "\(path) is encrypted, and the agent cannot ask for a passphrase; store the key without one"
            )
        }
        let isOther =
            result == 1 || errors.contains(ERR_LIB_X509, X509_R_KEY_VALUES_MISMATCH, X509_R_KEY_TYPE_MISMATCH)
        if isOther {
            throw TLSError(.unusableFile, key: Key.key, "\(path) is not the key of the certificate in \(certificate)")
        }
        throw Self.unusable(path, Key.key, holds: "a private key", errors)
    }

    /// OpenSSL would block on a pipe and read some devices endlessly.
    private static func requireFile(_ path: String, _ key: String) throws(TLSError) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else {
            throw TLSError(.unusableFile, key: key, "\(path) cannot be read: \(OpenSSLErrors.describe(errno: errno))")
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw TLSError(.unusableFile, key: key, "\(path) is not a regular file")
        }
    }

    private static func unusable(
        _ path: String,
        _ key: String,
        holds contents: String,
        _ errors: OpenSSLErrors
    ) -> TLSError {
        if let reason = errors.systemReason {
            return TLSError(.unusableFile, key: key, "\(path) cannot be read: \(reason)")
        }
        return TLSError(.unusableFile, key: key, "\(path) does not contain \(contents) in PEM form: \(errors.reason)")
    }
}
