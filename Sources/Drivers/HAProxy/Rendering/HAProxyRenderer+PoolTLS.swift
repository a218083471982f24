// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

extension HAProxyRenderer {
    /// The words of a server for TLS.
    ///
    /// Each server has all of them, because a server that is added at run time inherits nothing.
    func words(for tls: PoolTLS, to node: Node, in pool: Pool, _ proxyKind: ProxyKind) -> [HAProxyWord] {
        let folder = configuration.words.keyDirectory
        var words: [HAProxyWord] = ["ssl", "ssl-min-ver TLSv1.2"]
        if proxyKind == .http { words += ["alpn h2,http/1.1", "check-alpn h2,http/1.1"] }
        // HAProxy makes the checks of a server with TLS also over TLS, but not for one that is added at run time. Another
        // port may speak plain HTTP.
        if node.check == .standard { words.append("check-ssl") }
        let name = tls.serverName(of: node)
        if let authorities = tls.authorities {
            words += ["verify required", "ca-file", "\(folder)/\(authorities.sha256).trust.pem"]
            // Also for checks, which have no connection of a client.
            if let name { words.append("verifyhost \(name)") }
        } else {
            words.append("verify none")
        }
        if let name {
            words.append("sni str(\(name))")
            // A certificate is verified for the name that is sent: a monitor's own name is only sent, in the default of all
            // servers, if nothing is verified.
            if tls.authorities != nil || !pool.monitor.kind.usesTLS || pool.monitor.request.domainName == nil {
                words.append("check-sni \(name)")
            }
        }
        if let digest = tls.certificate?.digest { words += ["crt", "\(folder)/\(digest).pem"] }
        return words
    }
}
