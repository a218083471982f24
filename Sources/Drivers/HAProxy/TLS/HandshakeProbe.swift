// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCertificates
import SteelyardCore
import SteelyardSystem

/// Asks a listener of this device for its certificate, as a client does.
enum HandshakeProbe {
    /// The SHA-256 of the certificate that a client gets; nil if the handshake fails.
    ///
    /// - Parameters:
    ///   - host: The host to name; nil for none.
    ///   - sendsProxyHeader: Whether the listener expects a PROXY header.
    static func certificate(
        at address: ListeningAddress,
        host: String?,
        sendsProxyHeader: Bool,
        by deadline: Deadline
    ) -> SHA256Value? {
        guard let target = address.reachable.socketAddress else { return nil }
        let descriptor = socket(target.family, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC | O_NONBLOCK, 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        if target.connect(descriptor) != 0 {
            guard errno == EINPROGRESS else { return nil }
            var waited = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            guard unsafe poll(&waited, 1, deadline.milliseconds) > 0 else { return nil }
        }
        if sendsProxyHeader {
            // Version 1 without addresses: the connection is the proxy's own.
            let header = Array("PROXY UNKNOWN\r\n".utf8)
            guard unsafe send(descriptor, header, header.count, Int32(MSG_NOSIGNAL)) == header.count else { return nil }
        }
        return ServedCertificate.sha256(on: descriptor, name: host, by: deadline)
    }
}

extension ListeningAddress {
    /// An address for a connection from this device.
    fileprivate var reachable: ListeningAddress {
        switch self {
        case .allIPv4(let port): IPAddress("127.0.0.1").map { .one($0, port) } ?? self
        case .allIPv6(let port): IPAddress("::1").map { .one($0, port) } ?? self
        case .one: self
        }
    }
}
