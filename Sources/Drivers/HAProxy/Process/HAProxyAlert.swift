// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The alert with which HAProxy rejects a configuration.
struct HAProxyAlert: Hashable, Sendable {
    /// HAProxy's message, on one line, without the names of internal files.
    let message: String
    /// The configuration line that it refers to, from 1.
    let line: Int?
    /// Whether another program has the address and port.
    let isAddressInUse: Bool
    /// Whether the device does not have the address.
    let isAddressMissing: Bool
    /// The front end that could not start; nil if the alert names none.
    let frontend: String?

    /// Finds the first alert about a configuration in HAProxy's output.
    ///
    /// - Returns: nil if there is none.
    init?(in output: String) {
        // A running worker prints alerts about its nodes, and the master about its workers.
        let alerts = output.split(separator: "\n").filter { line in
            line.hasPrefix("[ALERT]")
                && !["has no server available", "exited with code"].contains(where: line.contains)
        }
        // The first alert names the cause; the rest are summaries.
        guard
            let alert = alerts.first(where: { Self.place(in: $0) != nil || $0.contains("cannot bind") }) ?? alerts.first
        else { return nil }
        let place = Self.place(in: alert)
        line = place?.line
        isAddressInUse = alert.contains("Address already in use")
        isAddressMissing = ["Cannot assign requested address", "Address family not supported"].contains {
            alert.contains($0)
        }
        let parts = alert.split(separator: " ")
        frontend = parts.firstIndex(of: "frontend").flatMap { index in
            index + 1 < parts.count ? String(parts[index + 1].prefix { $0 != ":" }) : nil
        }
        let whole = alert.drop { $0 != ")" }.dropFirst()
        let text = place.map { alert[$0.end...] } ?? whole
        let cleaned = Self.cleaned(text)
        // Some alerts name the place last.
        message = cleaned.utf8.contains { $0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A } ? cleaned : Self.cleaned(whole)
    }

    /// The error for the reply.
    func error(of rendered: RenderedConfiguration) -> DriverError {
        var field = line.flatMap { rendered.fields[$0] }
        if field == nil, let frontend,
            let index = rendered.set.loadBalancers.firstIndex(where: {
                ProxyName($0.key).frontend == frontend
            })
        {
            field = LoadBalancerField(loadBalancer: index, name: "port")
        }
        if let found = field, isAddressMissing, found.node == nil,
            rendered.set.loadBalancers[found.loadBalancer].address != nil
        {
            field = LoadBalancerField(loadBalancer: found.loadBalancer, name: "address")
        }
        if let found = field, let name = tlsField(in: rendered.set, found) {
            field = LoadBalancerField(loadBalancer: found.loadBalancer, name: name)
        }
        let sentence = "was rejected by HAProxy: \(message)"
        if frontend == ProxyName.statistics {
            return DriverError(isAddressInUse ? .addressInUse : .rejected, "\(StatisticsAddress.option) \(sentence)")
        }
        return DriverError(
            isAddressInUse ? .addressInUse : .rejected,
            field == nil ? "the configuration \(sentence)" : sentence,
            field: field
        )
    }

    /// The TLS field that an alert about a bind line is about.
    private func tlsField(in set: LoadBalancerSet, _ field: LoadBalancerField) -> String? {
        guard field.name == "port", !isAddressInUse, !isAddressMissing, set.loadBalancers[field.loadBalancer].tls != nil
        else { return nil }
        if message.contains("cipher") { return "tls_ciphers" }
        if message.contains("CRL file") { return "client_crl_container_data" }
        if message.contains("CA file") { return "client_ca_tls_container_data" }
        return ["certificate", "crt-list", "private key"].contains(where: message.contains)
            ? "default_tls_container_data" : nil
    }

    /// The `[FILE:LINE]` of an alert.
    private static func place(in alert: Substring) -> (line: Int, end: Substring.Index)? {
        // The first bracket contains the level.
        guard let opening = alert.dropFirst().firstIndex(of: "["),
            let closing = alert[opening...].firstIndex(of: "]"),
            let colon = alert[opening..<closing].lastIndex(of: ":"),
            let line = Int(alert[alert.index(after: colon)..<closing])
        else { return nil }
        return (line, alert.index(after: closing))
    }

    private static func cleaned(_ text: Substring) -> String {
        let visible = text.unicodeScalars.map { 0x20...0x7E ~= $0.value ? Character($0) : "?" }
        let message = String(visible).drop { $0 == " " || $0 == ":" }
        return message.count > 200 ? message.prefix(199) + "…" : String(message)
    }
}
