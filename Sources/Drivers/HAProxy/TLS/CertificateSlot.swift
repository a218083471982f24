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
    var fileName: HAProxyWord {
        let start = Self.start(key)
        return host.map { "\(start)host\(Self.separator(key))\($0).pem" } ?? "\(start)default.pem"
    }

    /// The name of the list of all slots of a front end.
    static func listName(_ key: LoadBalancerKey) -> HAProxyWord { "\(start(key))list" }

    /// Whether a file has the name of a slot or list, possibly of other load balancers.
    static func isOwn(_ name: Substring) -> Bool {
        for separator in [":", "."] {
            for end in ["list", "default.pem"] where name.hasSuffix(separator + end) {
                if ProxyName(frontend: name.dropLast(end.utf8.count + 1)) != nil { return true }
            }
            guard name.hasSuffix(".pem") else { continue }
            let places = name.ranges(of: "\(separator)host\(separator)")
            if places.contains(where: { ProxyName(frontend: name[..<$0.lowerBound]) != nil }) { return true }
        }
        return false
    }

    private static func start(_ key: LoadBalancerKey) -> HAProxyWord { "\(frontend: key)\(separator(key))" }

    /// What separates the parts of a name: an id may have dots, but no colon.
    private static func separator(_ key: LoadBalancerKey) -> HAProxyWord { key.id == nil ? "." : ":" }

    /// The slots of a load balancer; the first is the default certificate.
    static func all(of loadBalancer: LoadBalancer) -> [CertificateSlot] {
        guard let tls = loadBalancer.tls else { return [] }
        let key = loadBalancer.key
        return [CertificateSlot(key: key, host: nil, container: tls.certificate)]
            + tls.hostCertificates.map { CertificateSlot(key: key, host: $0.id, container: $0) }
    }
}
