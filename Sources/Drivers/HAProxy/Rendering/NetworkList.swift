// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SteelyardSystem

/// A list of networks that HAProxy reads from a file (`src -f`), and that commands can replace while it runs.
struct NetworkList: Hashable, Sendable {
    /// The use of a list.
    enum Use: String, CaseIterable, Sendable {
        /// The field `allowed_cidrs`.
        case allowed
        /// The field `rate_limit.except_cidrs`.
        case except

        /// What the name of the file ends with, after the front end's name.
        var fileEnd: String { "-\(rawValue).acl" }
    }

    /// The front end that reads it.
    let key: LoadBalancerKey
    let use: Use
    /// The file's path, which is also the list's name in HAProxy's commands.
    let path: HAProxyWord
    /// In canonical form; may be empty.
    let networks: [IPNetwork]

    /// Whether it has a network of IPv6.
    var hasIPv6: Bool { networks.contains { $0.description.utf8.contains(UInt8(ascii: ":")) } }

    /// The file's content: a network per line.
    var bytes: [UInt8] { Array(networks.lazy.map { $0.description + "\n" }.joined().utf8) }

    /// The file.
    var sideFile: SideFile { SideFile(path: path, bytes: bytes) }

    /// The lists of a load balancer.
    ///
    /// The file of exceptions exists even if it is empty, so that the first exception needs no reload.
    static func all(of loadBalancer: LoadBalancer, in folder: CheckedWord) -> [NetworkList] {
        let key = loadBalancer.key
        let access = loadBalancer.access
        func list(_ use: Use, _ networks: [IPNetwork]) -> NetworkList {
            let name: HAProxyWord =
                switch use {
                case .allowed: "-allowed.acl"
                case .except: "-except.acl"
                }
            let path: HAProxyWord = "\(folder)/\(frontend: key)\(name)"
            return NetworkList(key: key, use: use, path: HAProxyWord(checkedFile: path), networks: networks)
        }
        return (access.allowedNetworks.map { [list(.allowed, $0)] } ?? [])
            + (access.rateLimit.map { [list(.except, $0.exceptions)] } ?? [])
    }
}

extension NetworkList {
    /// Replaces the networks in the running HAProxy: prepares a new version of the list, and commits it.
    ///
    /// Until the last command, clients are checked against the old list.
    ///
    /// - Parameter version: HAProxy's number of the new version.
    func commands(version: Int) -> [RuntimeCommand] {
        networks.map { RuntimeCommand("add acl", "@\(version)", path, "\($0)") }
            + [RuntimeCommand("commit acl", "@\(version)", path)]
    }

    /// Parses the answer to `prepare acl`, for example `New version created: 1`; nil for any other text.
    static func version(in answer: some StringProtocol) -> Int? {
        let prefix = "New version created: "
        guard answer.hasPrefix(prefix) else { return nil }
        return Int(answer.dropFirst(prefix.count).prefix { $0.isASCII && $0.isNumber })
    }
}
