// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Decodes the fields of a load balancer for single requests.
struct RoutingDecoder {
    let reader: FieldReader
    let wasAccepted: Bool

    func decode(_ members: borrowing Members) throws(MessageError) -> Routing {
        Routing(
            policies: try decode(policies: members.field(.l7Policies)),
            insertedHeaders: try decode(headers: members.field(.insertHeaders)),
            errorPages: try decode(pages: members.field(.errorPages))
        )
    }

    private func decode(policies list: Field) throws(MessageError) -> [L7Policy] {
        guard !reader.isDefault(list) else { return [] }
        var policies: [L7Policy] = []
        try reader.forEachElement(of: list, atMost: L7Policy.mostPolicies, of: "policies") {
            field throws(MessageError) in policies.append(try decode(policy: field, at: policies.count))
        }
        return policies
    }

    private func decode(policy field: Field, at index: Int) throws(MessageError) -> L7Policy {
        let members = try reader.members(of: field)
        let kind = try reader.requiredText(members.field(.policyAction)) { text throws(InvalidValue) in
            try L7Policy.Kind(named: text)
        }
        let position = try reader.integer(members.field(.position))
        let action = try decodeAction(kind, members)
        let list = try members.field(.rules)
        var rules: [L7Rule] = []
        var place = 0
        if !reader.isDefault(list) {
            try reader.forEachElement(of: list, atMost: L7Policy.mostRules, of: "rules") { field throws(MessageError) in
                let (rule, isUp) = try decode(rule: field, at: place)
                if isUp { rules.append(rule) }
                place += 1
            }
        }
        // As in Octavia, one that is down matches no request.
        if try reader.boolean(members.field(.adminStateUp)) == false { rules = [] }
        return try field.rethrow { () throws(InvalidValue) in
            try L7Policy(position: position ?? index + 1, action: action, rules: rules, index: index)
        }
    }

    /// Decodes an action; the fields of others must be absent or null.
    private func decodeAction(
        _ kind: L7Policy.Kind,
        _ members: borrowing Members
    ) throws(MessageError) -> L7Policy.Action {
        let urlField = try members.field(.redirectURL)
        let prefixField = try members.field(.redirectPrefix)
        let poolField = try members.field(.redirectPoolID)
        let own: Field? =
            switch kind {
            case .reject: nil
            case .redirectToURL: urlField
            case .redirectPrefix: prefixField
            case .redirectToPool: poolField
            }
        for field in [urlField, prefixField, poolField] where !reader.isDefault(field) && field.path != own?.path {
            throw field.error("has no meaning for the action \(kind.rawValue)")
        }
        if let own, reader.isDefault(own) { throw own.error("is missing; the action \(kind.rawValue) needs it") }
        let codeField = try members.field(.redirectCode)
        let number = try reader.integer(codeField)
        let code = try codeField.rethrow { () throws(InvalidValue) in
            try number.map { number throws(InvalidValue) in try RedirectCode(number) } ?? .found
        }
        switch kind {
        case .reject: return .reject
        case .redirectToURL:
            let url = try reader.requiredText(urlField) { text throws(InvalidValue) in try WebURL(String(text)) }
            return .redirectToURL(url, code)
        case .redirectPrefix:
            let url = try reader.requiredText(prefixField) { text throws(InvalidValue) in
                try WebURL(prefix: String(text))
            }
            return .redirectPrefix(url, code)
        case .redirectToPool:
            guard let id = try reader.identifier(poolField) else { throw poolField.error("is missing") }
            return .redirectToPool(id)
        }
    }

    private func decode(rule field: Field, at index: Int) throws(MessageError) -> (rule: L7Rule, isUp: Bool) {
        let members = try reader.members(of: field)
        let kind = try reader.requiredText(members.field(.type)) { text throws(InvalidValue) in
            try L7Rule.Kind(named: text)
        }
        let comparison = try reader.requiredText(members.field(.compareType)) { text throws(InvalidValue) in
            try L7Rule.Comparison(named: text)
        }
        let key = try reader.text(members.field(.key)) { text throws(InvalidValue) in try HTTPToken(String(text)) }
        let value = try reader.requiredText(members.field(.value)) { text throws(InvalidValue) in
            try L7Value(String(text))
        }
        let isInverted = try reader.boolean(members.field(.invert)) ?? false
        let isUp = try reader.boolean(members.field(.adminStateUp)) ?? true
        let rule = try field.rethrow { () throws(InvalidValue) in
            try L7Rule(kind, comparison, key: key, value: value, isInverted: isInverted, index: index)
        }
        return (rule, isUp)
    }

    private func decode(headers field: Field) throws(MessageError) -> InsertedHeaders? {
        guard !reader.isDefault(field) else { return nil }
        var seen: Set<InsertedHeaders.Header> = []
        var headers: Set<InsertedHeaders.Header> = []
        var omitsForwardedFor = false
        try reader.forEachMember(of: field) { name, value throws(MessageError) in
            let header = try field.rethrow { () throws(InvalidValue) in
                do throws(InvalidValue) { return try InsertedHeaders.Header(named: name) } catch {
                    throw InvalidValue("has a name that \(error.problem)")
                }
            }
            // In another case.
            guard seen.insert(header).inserted else {
                throw field.error("has \(Excerpt.quote(header.rawValue)) more than once")
            }
            // null is the default: X-Forwarded-For is added, and the others are not.
            guard !reader.isDefault(value) else { return }
            let isInserted: Bool
            do throws(MessageError) { isInserted = try reader.boolean(value) ?? false } catch {
                throw MessageError(field.path, InvalidValue("must be true or false", member: name))
            }
            if isInserted { headers.insert(header) } else if header == .forwardedFor { omitsForwardedFor = true }
        }
        return InsertedHeaders(headers, omitsForwardedFor: omitsForwardedFor)
    }

    private func decode(pages field: Field) throws(MessageError) -> [ErrorPage] {
        guard !reader.isDefault(field) else { return [] }
        var pages: [ErrorPage] = []
        try reader.forEachMember(of: field) { name, value throws(MessageError) in
            guard !reader.isDefault(value) else { return }
            guard let status = Int(name), "\(status)" == name else {
                throw field.error("has the name \(Excerpt.quote(name)), which is no status")
            }
            let html: String
            do throws(MessageError) {
                html = try reader.requiredText(value) { text throws(InvalidValue) in String(text) }
            } catch { throw MessageError(field.path, InvalidValue("must be a string", member: name)) }
            do throws(InvalidValue) { pages.append(try ErrorPage(status: status, html: html)) } catch {
                throw MessageError(field.path, InvalidValue(error.problem, member: "\(status)"))
            }
        }
        return pages
    }
}
