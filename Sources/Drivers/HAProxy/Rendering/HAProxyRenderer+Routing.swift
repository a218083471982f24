// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// Inserted headers, error pages and policies.
extension HAProxyRenderer {
    /// The host without its port and the dot of an absolute name, in lower case.
    private static let host: HAProxyWord = "var(txn.host)"
    /// The path with its percent-encoding resolved.
    private static let sentPath: HAProxyWord = "var(txn.sent)"
    /// The same as a node finds the file: without empty segments, `.` and `..`.
    private static let path: HAProxyWord = "var(txn.path)"

    /// Writes all that happens to a request before its pool is chosen.
    func writeRouting(of loadBalancer: LoadBalancer, at index: Int, to text: inout ConfigurationText) {
        let routing = loadBalancer.routing
        for file in pages(of: loadBalancer) {
            text.line(
                "http-error status \(file.page.status) content-type 'text/html; charset=utf-8' file",
                file.path,
                field: LoadBalancerField(loadBalancer: index, name: "error_pages.\(file.page.status)")
            )
        }
        if let headers = routing.insertedHeaders {
            write(headers, isTLS: loadBalancer.protocol == .terminatedHTTPS, to: &text)
        }
        let policies = routing.policies.filter { !$0.rules.isEmpty }
        writeVariables(for: policies.flatMap(\.rules), to: &text)
        for policy in policies {
            writeConditions(of: policy, at: index, to: &text)
            let field = LoadBalancerField(loadBalancer: index, name: "l7policies[\(policy.index)]")
            switch policy.action {
            case .reject: text.line(["http-request deny deny_status 403 if"] + names(of: policy), field: field)
            case .redirectToURL(let url, let code):
                text.line(
                    ["http-request redirect code \(code.rawValue) location", "\(quoted: url)", "if"]
                        + names(of: policy),
                    field: field
                )
            case .redirectPrefix(let prefix, let code):
                text.line(
                    ["http-request redirect code \(code.rawValue) prefix", "\(quoted: prefix)", "if"]
                        + names(of: policy),
                    field: field
                )
            // HAProxy chooses a back end after all of these rules.
            case .redirectToPool: break
            }
        }
    }

    /// Writes which requests go to which pool.
    func writePoolPolicies(of loadBalancer: LoadBalancer, to text: inout ConfigurationText) {
        for policy in loadBalancer.routing.policies where !policy.rules.isEmpty {
            guard case .redirectToPool(let pool) = policy.action else { continue }
            text.line(["use_backend \(BackendName(loadBalancer.key, pool: pool)) if"] + names(of: policy))
        }
    }

    /// The files of a load balancer's error pages.
    func pages(of loadBalancer: LoadBalancer) -> [ErrorPageFile] {
        loadBalancer.routing.errorPages.map {
            ErrorPageFile($0, of: loadBalancer.key, in: configuration.words.stateDirectory)
        }
    }

    /// Computes what several rules compare once for each request.
    private func writeVariables(for rules: [L7Rule], to text: inout ConfigurationText) {
        if rules.contains(where: { $0.subject == .hostName }) {
            // A node would take the host from such a request's target.
            text.line(
                "http-request deny deny_status 400 if !{ req.fhdr(host) -m found } { url -i -m reg ^[a-z][a-z0-9+.-]*:// }"
            )
            text.line("http-request set-var(txn.host) req.fhdr(host),regsub(:[0-9]*$,),rtrim(.),lower")
        }
        if rules.contains(where: { $0.subject == .path || $0.subject == .fileType }) {
            writePath(to: &text)
        }
    }

    /// Computes the path as a node sees it: without percent-encoding, repeated slashes, and the segments `.` and `..`.
    ///
    /// Otherwise `/%61dmin`, `//admin` and `/x/../admin` would pass a rule for `/admin`. No expression repeats a group,
    /// which would exhaust the stack of PCRE for a long path, and HAProxy would go on with the path as it was. What four
    /// passes do not resolve is made to deceive, and is refused.
    private func writePath(to text: inout ConfigurationText) {
        text.line("http-request set-var(txn.sent) path,url_dec")
        // An invalid escape is compared as it is. With a longer path, the text could grow beyond HAProxy's buffer.
        text.line(
            #"http-request set-var(txn.sent) 'path,regsub("%(?![0-9A-Fa-f]{2})",%25,g),url_dec'"#,
            "if !{ var(txn.sent) -m found } { path,length le 5000 }"
        )
        text.line(
            "http-request set-var(txn.path)",
            #"'var(txn.sent),regsub("/+","/",g),regsub("/\.$","/./"),regsub("/\.(?=/)","",g)'"#
        )
        text.line(
            "http-request set-var(txn.path)",
            """
            'var(txn.path),regsub("/\\.\\.$","/../"),\(Self.parentPass),\(Self.parentPass),\
            \(Self.parentPass),\(Self.parentPass),\(Self.rootPass),\(Self.rootPass),\(Self.rootPass),\
            \(Self.rootPass)'
            """,
            "if { var(txn.path) -m sub /.. }"
        )
        text.line(#"http-request deny deny_status 400 if { var(txn.path) -m reg '//|/\.\.?(/|$)' }"#)
        // A long path with an invalid escape has no value.
        text.line("http-request deny deny_status 400 if { path -m found } !{ var(txn.path) -m found }")
    }

    /// Removes each segment that `..` follows.
    private static let parentPass: HAProxyWord = #"regsub("/(?!\.\./)[^/]+/\.\.(?=/)","",g)"#
    /// Removes `..` at the root, which has no parent.
    private static let rootPass: HAProxyWord = #"regsub("^/\.\.(?=/)","")"#

    /// Writes the rules of a policy as named ACLs, so that no line has more than HAProxy's 64 words.
    private func writeConditions(of policy: L7Policy, at index: Int, to text: inout ConfigurationText) {
        for (place, rule) in policy.rules.enumerated() {
            let name = "l7policies[\(policy.index)].rules[\(rule.index)].value"
            text.line(
                ["acl", Self.name(of: place, in: policy)] + words(of: rule),
                field: LoadBalancerField(loadBalancer: index, name: name)
            )
        }
    }

    private func words(of rule: L7Rule) -> [HAProxyWord] {
        switch rule.subject {
        case .hostName: return [Self.host, "-i"] + comparison(of: rule)
        case .path:
            // The other path never has these.
            let isAsSent = ["//", "/./", "/../"].contains { rule.value.description.contains($0) }
            let value = rule.comparison == .regex ? rule.value : rule.value.decodedPath
            return [isAsSent ? Self.sentPath : Self.path] + comparison(of: rule, value)
        // The last segment, if it has a dot, and of that the last part.
        case .fileType:
            return ["var(txn.path),field(-1,/),regsub(^[^.]*$,),field(-1,.) -i"] + comparison(of: rule)
        // A value with a comma is compared with the whole header.
        case .header(let name):
            let isList = !rule.value.description.utf8.contains(UInt8(ascii: ","))
            return [isList ? "req.hdr(\(name))" : "req.fhdr(\(name))"] + comparison(of: rule)
        case .cookie(let name): return ["req.cook(\(name))"] + comparison(of: rule)
        case .clientHasCertificate: return ["ssl_c_used"]
        case .verificationResult: return ["ssl_c_verify -m int --", "\(quoted: rule.value)"]
        case .distinguishedName(let name): return ["ssl_c_s_dn(\(name))"] + comparison(of: rule)
        }
    }

    private func comparison(of rule: L7Rule, _ value: L7Value? = nil) -> [HAProxyWord] {
        let method: HAProxyWord =
            switch rule.comparison {
            case .equalTo: "-m str"
            case .startsWith: "-m beg"
            case .endsWith: "-m end"
            case .contains: "-m sub"
            case .regex: "-m reg"
            }
        // `--` ends the flags: a value may begin with `-`.
        return [method, "--", "\(quoted: value ?? rule.value)"]
    }

    /// The conditions of a policy in a line: all of its ACLs.
    private func names(of policy: L7Policy) -> [HAProxyWord] {
        policy.rules.enumerated().map { place, rule in
            let name = Self.name(of: place, in: policy)
            return rule.isInverted ? "!\(name)" : name
        }
    }

    private static func name(of rule: Int, in policy: L7Policy) -> HAProxyWord { "p\(policy.index)r\(rule)" }

    // MARK: - Headers

    /// Writes headers; a client's own copies are removed first, also those that a node takes for the same name.
    private func write(_ headers: InsertedHeaders, isTLS: Bool, to text: inout ConfigurationText) {
        for header in headers.headers where !header.isAboutCertificate {
            text.line("http-request del-header", Self.pattern(of: header), "-m reg")
        }
        if headers.headers.contains(where: \.isAboutCertificate) {
            text.line("http-request del-header ^x[-_]ssl[-_](client[-_]|issuer$) -m reg")
            // A name with a line break would add a header.
            text.line("http-request deny deny_status 400 if { ssl_c_s_dn -m reg [[:cntrl:]] }")
            text.line("http-request deny deny_status 400 if { ssl_c_i_dn -m reg [[:cntrl:]] }")
        }
        for header in headers.headers {
            guard let value = Self.value(of: header, isTLS: isTLS) else { continue }
            text.line("http-request set-header", "\(header)", value)
        }
    }

    /// Many nodes take `_` in a header's name for `-`.
    private static func pattern(of header: InsertedHeaders.Header) -> HAProxyWord {
        switch header {
        case .forwardedFor: "^x[-_]forwarded[-_]for$"
        case .forwardedPort: "^x[-_]forwarded[-_]port$"
        default: "^x[-_]forwarded[-_]proto$"
        }
    }

    /// The value of a header; nil for X-Forwarded-For, which `option forwardfor` adds.
    private static func value(of header: InsertedHeaders.Header, isTLS: Bool) -> HAProxyWord? {
        switch header {
        case .forwardedFor: nil
        case .forwardedPort: "%[dst_port]"
        case .forwardedProto: isTLS ? "https" : "http"
        case .clientVerify: "%[ssl_c_verify]"
        case .clientHasCertificate: "%[ssl_c_used]"
        case .clientName: "%[ssl_c_s_dn]"
        case .clientCommonName: "%[ssl_c_s_dn(cn)]"
        case .issuer: "%[ssl_c_i_dn]"
        case .clientSHA1: "%[ssl_c_sha1,hex]"
        case .clientNotBefore: "%[ssl_c_notbefore]"
        case .clientNotAfter: "%[ssl_c_notafter]"
        }
    }
}
