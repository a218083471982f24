// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The error object of a driver program's response.
struct ProgramError: Error, Hashable, Sendable {
    /// The kind of failure.
    let code: DriverError.Code
    /// The program's message, on one line.
    let message: String
    /// The invalid field of the UPDATE.
    let field: LoadBalancerField?

    /// The names and numbers of the codes.
    private static let codes: [(number: Int, name: String, code: DriverError.Code)] = [
        (1001, "not_configured", .notConfigured),
        (1002, "deleted", .deleted),
        (1003, "not_running", .notRunning),
        (1004, "rejected", .rejected),
        (1005, "address_in_use", .addressInUse),
        (1006, "unsupported", .unsupported),
        (1007, "timed_out", .timedOut),
        (1008, "unavailable", .unavailable),
        (1009, "state_unreadable", .stateUnreadable),
        (1010, "state_unwritable", .stateUnwritable),
        (1011, "log_unavailable", .logUnavailable),
        (1012, "cancelled", .cancelled),
        (1013, "tls_key_required", .keyRequired),
        // JSON-RPC's code for an unknown method.
        (-32601, "", .unsupported),
    ]

    /// Parses an error object; missing or invalid members get defaults.
    init(_ error: JSONValue) {
        let data = error.member("data")
        let name = data?.member("code")?.string
        let number = error.member("code")?.wholeNumber
        let known = Self.codes.first { $0.name == name } ?? Self.codes.first { $0.number == number }
        code = known?.code ?? .unavailable
        let text = PrintableText.line(error.member("message")?.string ?? "")
        message = text.isEmpty ? "the driver program returned no error message" : text
        field = data?.member("field").flatMap(LoadBalancerField.init(program:))
    }

    /// Returns the driver's error.
    ///
    /// - Parameter set: The load balancers of the UPDATE, nil for other requests; drops a field outside of them.
    func driverError(for set: LoadBalancerSet?) -> DriverError {
        DriverError(code, message, field: field.flatMap { set?.has($0) == true ? $0 : nil })
    }
}

extension LoadBalancerField {
    fileprivate init?(program field: JSONValue) {
        guard let loadBalancer = field.member("load_balancer")?.wholeNumber, let name = field.member("name")?.string,
            (1...64).contains(name.utf8.count),
            name.utf8.allSatisfy({ (0x61...0x7A).contains($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".") })
        else { return nil }
        let node = field.member("node").flatMap { $0.isNull ? nil : $0 }
        let pool = field.member("pool").flatMap { $0.isNull ? nil : $0 }
        for place in [node, pool].compactMap(\.self) where place.wholeNumber == nil { return nil }
        self.init(loadBalancer: loadBalancer, pool: pool?.wholeNumber, node: node?.wholeNumber, name: name)
    }
}

extension LoadBalancerSet {
    fileprivate func has(_ field: LoadBalancerField) -> Bool {
        guard loadBalancers.indices.contains(field.loadBalancer) else { return false }
        let owner = loadBalancers[field.loadBalancer]
        if let pool = field.pool, !owner.pools.indices.contains(pool) { return false }
        let nodes = field.pool.map { owner.pools[$0].nodes } ?? owner.nodes
        return field.node.map(nodes.indices.contains) ?? true
    }
}
