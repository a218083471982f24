// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@Suite("UPDATE: rejected messages")
struct UpdateRefusalTests {
    @Test("in the list", arguments: listRows)
    func list(row: Refusal) async throws {
        for spelling in UpdateMessage.spellings {
            let message = #"{"hpcs_action":"UPDATE","\#(spelling)":\#(row.input)}"#
            try await row.check(message: message, path: spelling + row.path)
        }
    }

    @Test("of a cluster's nodes", arguments: galeraRows)
    func galera(row: Refusal) async throws { try await list(row: row) }

    @Test("without a list, or with two")
    func noList() async throws {
        try await Refusal("", "", "is missing").check(message: #"{"hpcs_action":"UPDATE"}"#, path: "loadbalancers")
        try await Refusal("", "", "is missing").check(
            message: #"{"hpcs_action":"UPDATE","LoadBalancers":[]}"#,
            path: "loadbalancers"
        )
        for (one, other) in [("[]", "[]"), (#"[{"protocol":"HTTP","nodes":[]}]"#, "null"), ("null", "[]")] {
            try await Refusal("", "", "and loadBalancers are both present").check(
                message: #"{"hpcs_action":"UPDATE","loadbalancers":\#(one),"loadBalancers":\#(other)}"#,
                path: "loadbalancers"
            )
        }
    }

    @Test("in a load balancer", arguments: loadBalancerRows)
    func loadBalancer(row: Refusal) async throws {
        for spelling in UpdateMessage.spellings {
            try await row.check(message: UpdateMessage.text(row.input, spelling: spelling), path: spelling + row.path)
        }
    }

    @Test("in a load balancer's limits and PROXY headers", arguments: accessRows)
    func access(row: Refusal) async throws { try await loadBalancer(row: row) }

    @Test("in policies", arguments: policyRows + ruleRows)
    func policy(row: Refusal) async throws { try await loadBalancer(row: row) }

    @Test("a URL", arguments: wrongURLs)
    func url(text: String) async throws {
        let quoted = String(decoding: quote(text), as: UTF8.self)
        for (action, field) in [("REDIRECT_TO_URL", "redirect_url"), ("REDIRECT_PREFIX", "redirect_prefix")] {
            let policy = #""l7policies":[{"action":"\#(action)","\#(field)":\#(quoted)}]"#
            try await Refusal("", "", "must ").check(
                message: UpdateMessage.text(UpdateMessage.loadBalancer(policy)),
                path: "loadbalancers[0].l7policies[0].\(field)"
            )
        }
    }

    @Test("in pools", arguments: poolRows + persistenceRows + nodeTLSRows)
    func pool(row: Refusal) async throws { try await loadBalancer(row: row) }

    @Test("in headers and pages", arguments: headerAndPageRows)
    func headers(row: Refusal) async throws { try await loadBalancer(row: row) }

    @Test("in a monitor", arguments: monitorRows + monitorRequestRows)
    func monitor(row: Refusal) async throws {
        let text = UpdateMessage.loadBalancer(#""monitor":\#(row.input)"#)
        for spelling in UpdateMessage.spellings {
            try await row.check(
                message: UpdateMessage.text(text, spelling: spelling),
                path: "\(spelling)[0].monitor\(row.path)"
            )
        }
    }

    @Test("in options", arguments: optionRows + timeoutRows)
    func options(row: Refusal) async throws {
        let text = UpdateMessage.loadBalancer(#""options":\#(row.input)"#)
        try await row.check(message: UpdateMessage.text(text), path: "loadbalancers[0].options\(row.path)")
    }

    @Test("in a node", arguments: nodeRows + nodeConnectionRows)
    func node(row: Refusal) async throws {
        for spelling in UpdateMessage.spellings {
            let text = #"{"protocol":"HTTP","nodes":[{"address":"10.0.0.1","port":80},\#(row.input)]}"#
            try await row.check(
                message: UpdateMessage.text(text, spelling: spelling),
                path: "\(spelling)[0].nodes[1]\(row.path)"
            )
        }
    }

    @Test("a node's address", arguments: wrongAddresses)
    func address(text: String) async throws {
        let quoted = String(decoding: quote(text), as: UTF8.self)
        let loadBalancer = #"{"protocol":"HTTP","nodes":[{"address":\#(quoted),"port":80}]}"#
        try await Refusal("", "", "must be an IPv4 or IPv6 address or a host name, not \"").check(
            message: UpdateMessage.text(loadBalancer),
            path: "loadbalancers[0].nodes[0].address"
        )
    }

    @Test("an identifier", arguments: wrongIdentifiers)
    func identifier(text: String) async throws {
        let quoted = String(decoding: quote(text), as: UTF8.self)
        let cause =
            text == "." || text == ".." ? "must not be \"." : "must be 1 to 64 letters, digits, '.', '_' or '-', not"
        try await Refusal("", "", cause).check(
            message: UpdateMessage.text(UpdateMessage.node(#""id":\#(quoted)"#)),
            path: "loadbalancers[0].nodes[0].id"
        )
        try await Refusal("", "", cause).check(
            message: UpdateMessage.text(UpdateMessage.loadBalancer(#""id":\#(quoted)"#)),
            path: "loadbalancers[0].id"
        )
    }

    @Test("a monitor's path", arguments: wrongPaths)
    func monitorPath(text: String, cause: String) async throws {
        let quoted = String(decoding: quote(text), as: UTF8.self)
        let monitor = #""monitor":{"type":"HTTP","delay":5,"timeout":5,"attempts":2,"path":\#(quoted)}"#
        try await Refusal("", "", cause).check(
            message: UpdateMessage.text(UpdateMessage.loadBalancer(monitor)),
            path: "loadbalancers[0].monitor.path"
        )
    }
}
