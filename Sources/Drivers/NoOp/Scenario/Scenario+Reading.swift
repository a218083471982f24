// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

extension Scenario {
    /// The actions that reach a driver.
    private static let actions: [ActionKind] = [.update, .suspend, .enable, .delete, .stats, .metrics, .archive]
    /// The greatest number in a scenario, except for bytes.
    private static let greatestCount = 1_000_000
    private static let greatestByteCount = 1_000_000_000_000
    /// One hour.
    private static let greatestDelay = 3_600_000
    private static let longestText = 1000

    /// Reads a scenario.
    ///
    /// - Throws: `ScenarioError` for an unknown field or a wrong value, with its path.
    init(_ value: SettingValue) throws(ScenarioError) {
        var file = try ScenarioObject(value)
        nodes = try file.list("nodes", Self.readNode)
        failures = try file.list("failures", Self.readFailure)
        delays = try file.list("delays", Self.readDelay)
        bytes = try file.list("bytes", Self.readBytes)
        try file.requireNothingElse()
    }

    private static func readNode(_ object: inout ScenarioObject) throws(ScenarioError) -> NodeRule {
        let id = try object.value("id", readIdentifier)
        let address = try object.value("address") { value throws(InvalidValue) in try HostAddress(value.string()) }
        let loadBalancer = try object.value("load_balancer_id", readIdentifier)
        let state = try object.value("status") { value throws(InvalidValue) in
            let text = try value.string()
            guard let state = NodeStatus.State(rawValue: text.uppercased()) else {
                throw InvalidValue("must be UP, DOWN, DISABLED or DRAINING, not \(Excerpt.quote(text))")
            }
            return state
        }
        let reason = try object.value("reason", readText)
        return NodeRule(
            id: id,
            address: address,
            loadBalancer: loadBalancer,
            state: state ?? .down,
            reason: reason ?? (state ?? .down == .down ? "connection refused (L4CON)" : nil),
            span: try readSpan(&object)
        )
    }

    private static func readFailure(_ object: inout ScenarioObject) throws(ScenarioError) -> FailureRule {
        let action = try object.value("action", readAction)
        let code = try object.value("code") { value throws(InvalidValue) in
            let text = try value.string()
            guard let code = DriverError.Code.all[text] else {
                let names = DriverError.Code.all.keys.sorted().joined(separator: ", ")
                throw InvalidValue("must be one of \(names), not \(Excerpt.quote(text))")
            }
            return code
        }
        let message = try object.value("error", readText)
        let field = try object.value("field") { value throws(InvalidValue) in
            try LoadBalancerField(path: value.string())
        }
        return FailureRule(
            error: DriverError(code ?? .unavailable, message ?? "the scenario has this message fail", field: field),
            span: try readSpan(&object),
            action: action
        )
    }

    private static func readDelay(_ object: inout ScenarioObject) throws(ScenarioError) -> DelayRule {
        let action = try object.value("action", readAction)
        let milliseconds = try object.value("milliseconds") { value throws(InvalidValue) in
            try value.integer(in: 0...greatestDelay)
        }
        guard let milliseconds else { throw object.error("must have milliseconds") }
        return DelayRule(milliseconds: milliseconds, span: try readSpan(&object), action: action)
    }

    private static func readBytes(_ object: inout ScenarioObject) throws(ScenarioError) -> BytesRule {
        let loadBalancer = try object.value("load_balancer_id", readIdentifier)
        let listenerProtocol = try object.value("protocol") { value throws(InvalidValue) in
            try ListenerProtocol(named: value.string())
        }
        let perSecond = try object.value("per_second", readByteCount)
        let perReport = try object.value("per_report", readByteCount)
        let amount: BytesRule.Amount
        switch (perSecond, perReport) {
        case (let count?, nil): amount = .perSecond(count)
        case (nil, let count?): amount = .perReport(count)
        default: throw object.error("must have either per_second or per_report")
        }
        return BytesRule(
            loadBalancer: loadBalancer,
            listenerProtocol: listenerProtocol,
            amount: amount,
            span: try readSpan(&object)
        )
    }

    private static func readSpan(_ object: inout ScenarioObject) throws(ScenarioError) -> RuleSpan {
        let after = try object.value("after") { value throws(InvalidValue) in
            try value.integer(in: 0...greatestCount)
        }
        let times = try object.value("times") { value throws(InvalidValue) in
            try value.integer(in: 1...greatestCount)
        }
        return RuleSpan(after: after ?? 0, times: times)
    }

    private static func readIdentifier(_ value: SettingValue) throws(InvalidValue) -> Identifier {
        if case .integer(let number) = value { return try Identifier(String(number)) }
        return try Identifier(value.string())
    }

    private static func readText(_ value: SettingValue) throws(InvalidValue) -> String {
        let text = try value.string()
        guard text.utf8.count <= longestText else { throw InvalidValue("must be at most \(longestText) bytes") }
        return text
    }

    private static func readByteCount(_ value: SettingValue) throws(InvalidValue) -> Int {
        try value.integer(in: 0...greatestByteCount)
    }

    private static func readAction(_ value: SettingValue) throws(InvalidValue) -> ActionKind {
        let text = try value.string()
        guard let kind = try? ActionKind(named: text), actions.contains(kind) else {
            let names = actions.map(\.rawValue).joined(separator: ", ")
            throw InvalidValue(
                "must be one of \(names), not \(Excerpt.quote(text)); DISCOVER and DIAGNOSTICS do not reach a driver"
            )
        }
        return kind
    }
}

extension DriverError.Code {
    /// The codes by the words of `hpcs_error_code`.
    fileprivate static let all: [String: DriverError.Code] = [
        "not_configured": .notConfigured, "deleted": .deleted, "not_running": .notRunning, "rejected": .rejected,
        "address_in_use": .addressInUse, "unsupported": .unsupported, "timed_out": .timedOut,
        "unavailable": .unavailable, "state_unreadable": .stateUnreadable, "state_unwritable": .stateUnwritable,
        "log_unavailable": .logUnavailable, "cancelled": .cancelled,
    ]
}

extension LoadBalancerField {
    /// Reads a path such as `loadbalancers[0].port` or `loadbalancers[0].nodes[2].address`.
    fileprivate init(path: String) throws(InvalidValue) {
        let match = path.wholeMatch(
            of:
                /load[bB]alancers\[([0-9]{1,4})\](?:\.pools\[([0-9]{1,4})\])?(?:\.nodes\[([0-9]{1,6})\])?\.([a-z_]{1,32})/
        )
        guard let match, let loadBalancer = Int(match.1) else {
            throw InvalidValue(
                "must be a path such as loadbalancers[0].nodes[2].port, not \(Excerpt.quote(path))"
            )
        }
        self.init(
            loadBalancer: loadBalancer,
            pool: match.2.flatMap { Int($0) },
            node: match.3.flatMap { Int($0) },
            name: String(match.4)
        )
    }
}
