// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// A place for a certificate in HAProxy: a file name that stays the same while its content changes.
///
/// HAProxy knows a certificate by its file name. The content of a slot can change while HAProxy runs.
struct CertificateSlot: Hashable, Sendable {
    /// The front end that shows it.
    let key: LoadBalancerKey
    /// The container's id for a certificate that is chosen by the client's host name; nil for the default certificate.
    let host: Identifier?
    /// The certificate.
    let container: CertificateContainer

    /// The name of the file in the folder for keys.
    ///
    /// After a front end with an id, a colon separates the two ids, which may have dots but no colon.
    var fileName: HAProxyWord {
        guard let host else { return "\(frontend: key).default.pem" }
        return key.id == nil ? "\(frontend: key).host.\(host).pem" : "\(frontend: key):host.\(host).pem"
    }

    /// The name of the list of all slots of a front end.
    static func listName(_ key: LoadBalancerKey) -> HAProxyWord { "\(frontend: key).list" }

    /// The slots of a load balancer; the first is the default certificate.
    static func all(of loadBalancer: LoadBalancer) -> [CertificateSlot] {
        guard let tls = loadBalancer.tls else { return [] }
        let key = loadBalancer.key
        return [CertificateSlot(key: key, host: nil, container: tls.certificate)]
            + tls.hostCertificates.map { CertificateSlot(key: key, host: $0.id, container: $0) }
    }
}
