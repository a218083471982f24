// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

extension HAProxyRenderer {
    /// For TLS 1.2: forward secrecy and authenticated encryption, as in Mozilla's list for intermediate clients.
    private static let ciphers: HAProxyWord = """
        ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:\
        ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305
        """
    /// For TLS 1.0 and 1.1, which have nothing better.
    private static let oldCiphers: HAProxyWord = "DEFAULT@SECLEVEL=0"
    private static let ciphersuites: HAProxyWord = """
        TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256
        """

    /// The words of a bind line for TLS; none for a listener without it.
    func listenerTLS(of loadBalancer: LoadBalancer) -> [HAProxyWord] {
        guard let tls = loadBalancer.tls else { return [] }
        let folder = configuration.words.keyDirectory
        let standard = tls.versions.lowerBound < .tls12 ? Self.oldCiphers : Self.ciphers
        var words: [HAProxyWord] = [
            "ssl crt-list", HAProxyWord(checkedFile: "\(folder)/\(CertificateSlot.listName(loadBalancer.key))"),
            "ssl-min-ver \(tls.versions.lowerBound)", "ssl-max-ver \(tls.versions.upperBound)",
            "ciphers", tls.ciphers.map { "\($0)" } ?? standard,
            "ciphersuites", Self.ciphersuites,
        ]
        // HAProxy 2.8 and newer would offer HTTP/2 without this word.
        let offered = tls.alpnProtocols.isEmpty ? [.http11] : tls.alpnProtocols
        let list = offered.dropFirst().reduce("\(offered[0])") { list, next -> HAProxyWord in "\(list),\(next)" }
        words += ["alpn", list]
        switch tls.clientAuthentication {
        case .none: break
        case .optional: words.append("verify optional")
        case .mandatory: words.append("verify required")
        }
        if let trust = tls.clientAuthentication.trust {
            words += ["ca-file", "\(folder)/\(trust.authorities.sha256).trust.pem"]
            if let revocations = trust.revocations {
                words += ["crl-file", "\(folder)/\(revocations.sha256).trust.pem"]
            }
        }
        return words
    }

    /// A certificate's digests, so that the fingerprint of the configuration depends on them, but not its structure.
    func writeComment(on slot: CertificateSlot, to text: inout ConfigurationText) {
        let container = slot.container
        text.comment(
            slot.host == nil ? "default certificate:" : "certificate:",
            "id \(container.id), SHA-256 \(container.sha256)",
            container.digest.map { "in file \($0)" } ?? "as on the device"
        )
    }

    /// 308 keeps the method and the body of a request.
    func writeRedirect(to text: inout ConfigurationText) {
        // Without a host, also `:80`, there is no place to redirect to.
        text.line("http-request deny deny_status 400 unless { req.hdr(host) -m reg ^[^:] }")
        text.line("http-request redirect code 308 location", "https://%[req.hdr(host),regsub(:[0-9]+$,)]%[pathq]")
    }

    /// Also for HAProxy's own responses.
    func write(_ header: StrictTransportSecurity, to text: inout ConfigurationText) {
        var value: HAProxyWord = "\"max-age=\(header.maxAge)"
        if header.includesSubdomains { value = "\(value); includeSubDomains" }
        if header.isPreloaded { value = "\(value); preload" }
        text.line("http-after-response set-header Strict-Transport-Security", "\(value)\"")
    }
}
