// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CSSL
import Glibc
package import SteelyardCore
package import SteelyardSystem

/// The certificate that a listener shows to its clients.
package enum ServedCertificate {
    /// Begins a handshake on a connected socket, and returns the certificate of the other side.
    ///
    /// The certificate is not verified: the caller compares it. Blocks until the deadline at most.
    ///
    /// - Parameters:
    ///   - descriptor: The connected non-blocking socket.
    ///   - name: The host to name (SNI); nil for none.
    /// - Returns: The SHA-256 of the certificate in DER; nil if there is none.
    package static func sha256(on descriptor: Int32, name: String?, by deadline: Deadline) -> SHA256Value? {
        OpenSSLErrors.clear()
        defer { OpenSSLErrors.clear() }
        guard let context = unsafe SSL_CTX_new(TLS_client_method()) else { return nil }
        defer { unsafe SSL_CTX_free(context) }
        unsafe steelyard_ssl_accept_any(context)
        // A listener may allow only old versions.
        unsafe SSL_CTX_set_security_level(context, 0)
        guard let session = unsafe SSL_new(context) else { return nil }
        defer { unsafe SSL_free(session) }
        if let name, unsafe steelyard_ssl_set_server_name_indication(session, name) != 1 { return nil }
        guard unsafe SSL_set_fd(session, descriptor) == 1 else { return nil }
        unsafe SSL_set_connect_state(session)
        while true {
            let result = unsafe SSL_do_handshake(session)
            // A listener that requires a client's certificate ends the handshake after it has shown its own.
            if let certificate = unsafe SSL_get1_peer_certificate(session) {
                return unsafe PEMText.Certificate(certificate).sha256
            }
            if result == 1 { return nil }
            let event: Int32
            switch unsafe SSL_get_error(session, result) {
            case SSL_ERROR_WANT_READ: event = POLLIN
            case SSL_ERROR_WANT_WRITE: event = POLLOUT
            default: return nil
            }
            var waited = pollfd(fd: descriptor, events: Int16(event), revents: 0)
            if unsafe poll(&waited, 1, deadline.milliseconds) <= 0 { return nil }
        }
    }
}
