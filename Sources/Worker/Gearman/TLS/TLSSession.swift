// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CSSL
import Glibc
import SteelyardCertificates
import SteelyardCore

/// Owns one `SSL`, the client's side of a TLS connection over a connected non-blocking socket; use it on one thread.
///
/// The caller owns the socket, and closes it after this object is released. The process must ignore SIGPIPE.
///
/// No call blocks. Received data may be in this object's buffer, which poll(2) does not see: before waiting for the
/// descriptor, the caller must read until ``TLSProgress/wantsRead``, or check ``bufferedByteCount``.
@safe final class TLSSession {
    private let session: OpaquePointer
    private let name: HostAddress
    /// OpenSSL permits no further calls after a failure.
    private var hasFailed = false
    private var isEstablished = false

    /// - Parameters:
    ///   - context: The settings of the connection.
    ///   - host: The host of the job server, a name or an IP address without brackets; the certificate must be valid
    ///     for it if the context has no server name.
    ///   - descriptor: The connected socket.
    /// - Throws: `TLSError` for a host that is neither a name nor an address, or if memory is exhausted.
    init(_ context: TLSContext, host: String, descriptor: Int32) throws(TLSError) {
        let host = context.serverName ?? host
        // Certificates do not contain the trailing dot of an absolute name.
        guard let name = try? HostAddress(host.hasSuffix(".") ? String(host.dropLast()) : host) else {
            throw TLSError(.failed, "a job server's host is neither a host name nor an IP address")
        }
        OpenSSLErrors.clear()
        guard let session = unsafe context.makeSession() else {
            throw TLSError(.failed, "OpenSSL cannot make a TLS session: \(OpenSSLErrors.drain().reason)")
        }
        unsafe self.session = session
        self.name = name
        unsafe SSL_set_hostflags(session, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
        let isSet =
            switch name {
            case .ip(let address):
                unsafe X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), address.description) == 1
            case .name(let name):
                unsafe SSL_set1_host(session, name) == 1
                    && steelyard_ssl_set_server_name_indication(session, name) == 1
            }
        guard isSet, unsafe SSL_set_fd(session, descriptor) == 1 else {
            throw TLSError(.failed, "OpenSSL cannot prepare a TLS session: \(OpenSSLErrors.drain().reason)")
        }
        unsafe SSL_set_connect_state(session)
    }

    deinit { unsafe SSL_free(session) }

    /// The number of received bytes that can be read without the socket.
    var bufferedByteCount: Int { Int(unsafe SSL_pending(session)) }

    /// The version of the protocol, such as `TLSv1.3`; meaningful after the handshake.
    var version: String { unsafe String(cString: SSL_get_version(session)) }

    /// Continues the handshake.
    ///
    /// With TLS 1.3 the server verifies the client certificate after the client has completed the handshake: a
    /// rejection is then an error of the first read.
    ///
    /// - Returns: `.done(0)` once the server is verified, `.wantsRead` or `.wantsWrite`; `.closed` only after an error.
    /// - Throws: `TLSError`; the session is then unusable.
    func handshake() throws(TLSError) -> TLSProgress {
        guard !hasFailed else { return .closed }
        OpenSSLErrors.clear()
        let result = unsafe SSL_do_handshake(session)
        if result == 1 {
            isEstablished = true
            return .done(0)
        }
        return try progress(after: result)
    }

    /// Reads available data, up to the size of the buffer.
    ///
    /// - Throws: `TLSError`; the session is then unusable.
    func read(into buffer: inout MutableRawSpan) throws(TLSError) -> TLSProgress {
        guard !hasFailed else { return .closed }
        var count = 0
        OpenSSLErrors.clear()
        let result = unsafe buffer.withUnsafeMutableBytes { bytes in
            unsafe bytes.isEmpty ? 1 : SSL_read_ex(session, bytes.baseAddress, bytes.count, &count)
        }
        return result == 1 ? .done(count) : try progress(after: result)
    }

    /// Writes some of the bytes.
    ///
    /// After `.wantsRead` or `.wantsWrite`, the next write must begin with the same bytes; their address may differ,
    /// and more may follow.
    ///
    /// - Throws: `TLSError`; the session is then unusable.
    func write(_ bytes: RawSpan) throws(TLSError) -> TLSProgress {
        guard !hasFailed else { return .closed }
        var count = 0
        OpenSSLErrors.clear()
        var result = unsafe bytes.withUnsafeBytes { bytes in
            unsafe bytes.isEmpty ? 1 : SSL_write_ex(session, bytes.baseAddress, bytes.count, &count)
        }
        if result == 1 { return .done(count) }
        // A server that closed the connection may have sent the reason first: it is in the unread data.
        let isCut = unsafe SSL_get_error(session, result) == SSL_ERROR_SYSCALL
        if isCut { result = skipToEnd() }
        let progress = try progress(after: result)
        guard isCut else { return progress }
        hasFailed = true
        return .closed
    }

    private func skipToEnd() -> Int32 {
        var bytes: [UInt8] = Array(repeating: 0, count: 4096)
        var count = 0
        while true {
            OpenSSLErrors.clear()
            let result = unsafe SSL_read_ex(session, &bytes, bytes.count, &count)
            guard result == 1 else { return result }
        }
    }

    /// Notifies the server that no more data will be sent, without waiting for its response.
    ///
    /// - Returns: `.done(0)` once the notification is sent, `.wantsRead` or `.wantsWrite` if it must be called again,
    ///   `.closed` if the connection was already closed or never established.
    func close() -> TLSProgress {
        guard isEstablished, !hasFailed else { return .closed }
        OpenSSLErrors.clear()
        let result = unsafe SSL_shutdown(session)
        if result >= 0 { return .done(0) }
        return (try? progress(after: result)) ?? .closed
    }

    /// Maps the result of an incomplete call to the connection's state.
    private func progress(after result: Int32) throws(TLSError) -> TLSProgress {
        let code = errno
        let reason = unsafe SSL_get_error(session, result)
        switch reason {
        case SSL_ERROR_WANT_READ: return .wantsRead
        case SSL_ERROR_WANT_WRITE: return .wantsWrite
        default: hasFailed = true
        }
        let errors = OpenSSLErrors.drain()
        let hasEnded =
            reason == SSL_ERROR_ZERO_RETURN || (reason == SSL_ERROR_SYSCALL && code == 0)
            || errors.contains(ERR_LIB_SSL, SSL_R_UNEXPECTED_EOF_WHILE_READING)
        if hasEnded {
            guard !isEstablished else { return .closed }
            throw TLSError(
                .closedInHandshake,
                "the server closed the connection during the TLS handshake; it may not speak TLS on this port"
            )
        }
        guard !errors.contains(ERR_LIB_SSL, SSL_R_CERTIFICATE_VERIFY_FAILED) else {
            let chain = unsafe SSL_get0_verified_chain(session).map { unsafe CertificateDetails.chain($0) }
            throw unsafe TLSError(verification: SSL_get_verify_result(session), chain: chain ?? [], name: name)
        }
        throw TLSError(errors, systemError: reason == SSL_ERROR_SYSCALL ? code : 0)
    }
}
