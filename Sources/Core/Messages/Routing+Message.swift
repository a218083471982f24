// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The members of an UPDATE for routing: only those that differ from the default.
extension Routing {
    var members: [JSONFragment.Member] {
        var members: [JSONFragment.Member] = []
        if !policies.isEmpty {
            // Another order could change the index that an error names.
            let policies = policies.sorted { $0.index < $1.index }
            members.append(.init("l7policies", .array(policies.map(\.json))))
        }
        if let insertedHeaders { members.append(.init("insert_headers", insertedHeaders.json)) }
        if !errorPages.isEmpty {
            let pages = errorPages.map { JSONFragment.Member("\($0.status)", .string($0.html)) }
            members.append(.init("error_pages", .object(pages)))
        }
        return members
    }
}

extension SessionPersistence {
    var json: JSONFragment {
        var members: [JSONFragment.Member] = [.init("type", .string(kind.rawValue))]
        switch self {
        case .httpCookie(let seconds?), .sourceIP(let seconds):
            members.append(.init("persistence_timeout", .integer(Int64(seconds))))
        case .appCookie(let name, let seconds):
            members.append(.init("cookie_name", .string(name.description)))
            members.append(.init("persistence_timeout", .integer(Int64(seconds))))
        case .httpCookie(nil), .none: break
        }
        return .object(members)
    }
}

extension L7Policy {
    fileprivate var json: JSONFragment {
        var members: [JSONFragment.Member] = [
            .init("position", .integer(Int64(position))), .init("action", .string(action.kind.rawValue)),
        ]
        switch action {
        case .reject: break
        case .redirectToURL(let url, let code):
            members.append(.init("redirect_url", .string(url.description)))
            members.append(.init("redirect_http_code", .integer(Int64(code.rawValue))))
        case .redirectPrefix(let prefix, let code):
            members.append(.init("redirect_prefix", .string(prefix.description)))
            members.append(.init("redirect_http_code", .integer(Int64(code.rawValue))))
        case .redirectToPool(let id): members.append(.init("redirect_pool_id", .string(id.description)))
        }
        return .object(members + [.init("rules", .array(rules.map(\.json)))])
    }
}

extension L7Rule {
    fileprivate var json: JSONFragment {
        var members: [JSONFragment.Member] = [
            .init("type", .string(kind.rawValue)), .init("compare_type", .string(comparison.rawValue)),
            .init("value", .string(value.description)),
        ]
        if let key { members.append(.init("key", .string(key.description))) }
        if isInverted { members.append(.init("invert", .boolean(true))) }
        return .object(members)
    }
}

extension InsertedHeaders {
    fileprivate var json: JSONFragment {
        let inserted = headers.map { JSONFragment.Member($0.rawValue, .string("true")) }
        return .object(
            inserted + (omitsForwardedFor ? [.init(Header.forwardedFor.rawValue, .string("false"))] : [])
        )
    }
}
