// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// What an HTTP load balancer does with requests besides passing them to a pool.
public struct Routing: Hashable, Sendable {
    /// The rules for single requests, in the order in which they are evaluated: REJECT first, then redirections, then
    /// pools, each by position.
    public let policies: [L7Policy]
    /// The headers that nodes receive, in addition to X-Forwarded-For; nil without `insert_headers`.
    public let insertedHeaders: InsertedHeaders?
    /// The bodies of the load balancer's own error responses, by status.
    public let errorPages: [ErrorPage]

    /// The default: nothing.
    public static let none = Routing(policies: [], insertedHeaders: nil, errorPages: [])

    /// Creates a routing.
    public init(policies: [L7Policy] = [], insertedHeaders: InsertedHeaders? = nil, errorPages: [ErrorPage] = []) {
        self.policies = policies.enumerated().sorted { first, second in
            (first.element.action.order, first.element.position, first.offset)
                < (second.element.action.order, second.element.position, second.offset)
        }.map(\.element)
        self.insertedHeaders = insertedHeaders
        self.errorPages = errorPages.sorted { $0.status < $1.status }
    }
}
