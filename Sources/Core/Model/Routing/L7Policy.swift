// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// An element of `l7policies`: what happens to a request that matches all of its rules.
///
/// The names, values and order are those of OpenStack Octavia.
public struct L7Policy: Hashable, Sendable {
    /// What happens to a request.
    public enum Action: Hashable, Sendable {
        /// It is answered with the status 403.
        case reject
        /// It is answered with a redirection to this URL.
        case redirectToURL(WebURL, RedirectCode)
        /// It is answered with a redirection to this prefix, followed by its path and query.
        case redirectPrefix(WebURL, RedirectCode)
        /// Nodes of this pool answer it.
        case redirectToPool(Identifier)
    }

    /// The values of the field `action`.
    public enum Kind: String, NamedChoice {
        case reject = "REJECT"
        case redirectToURL = "REDIRECT_TO_URL"
        case redirectPrefix = "REDIRECT_PREFIX"
        case redirectToPool = "REDIRECT_TO_POOL"
    }

    /// The place among the policies of its kind, 1 to 2,147,483,647; of two at the same place, the first in the message
    /// comes first.
    public let position: Int
    /// What happens to a request.
    public let action: Action
    /// The conditions, all of which a request must match; a policy without any matches no request.
    public let rules: [L7Rule]
    /// Its index in the message, from 0.
    public let index: Int

    /// The most policies of a load balancer.
    public static let mostPolicies = 100
    /// The most rules of a policy: a line of haproxy.cfg has at most 64 words.
    public static let mostRules = 50

    /// Creates a policy.
    ///
    /// - Throws: `InvalidValue` for a position outside its range.
    public init(position: Int, action: Action, rules: [L7Rule], index: Int = 0) throws(InvalidValue) {
        try InvalidValue.requireRange(position, 1...Int(Int32.max), "position")
        self.position = position
        self.action = action
        self.rules = rules
        self.index = index
    }
}

extension L7Policy.Action {
    /// The value of the field `action`.
    public var kind: L7Policy.Kind {
        switch self {
        case .reject: .reject
        case .redirectToURL: .redirectToURL
        case .redirectPrefix: .redirectPrefix
        case .redirectToPool: .redirectToPool
        }
    }

    /// Octavia's order.
    var order: Int {
        switch self {
        case .reject: 0
        case .redirectToURL, .redirectPrefix: 1
        case .redirectToPool: 2
        }
    }
}
