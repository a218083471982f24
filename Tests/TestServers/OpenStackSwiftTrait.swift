// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import Testing

/// Runs a suite and its nested suites with one OpenStack Swift: ``OpenStackSwiftServer/current``.
package struct OpenStackSwiftTrait: SuiteTrait, TestScoping {
    @TaskLocal fileprivate static var server: OpenStackSwiftServer?

    package func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await withOpenStackSwift { server in
            try await Self.$server.withValue(server) { try await function() }
        }
    }
}

extension Trait where Self == OpenStackSwiftTrait {
    /// Starts an OpenStack Swift for the suite.
    package static var openStackSwiftServer: Self { Self() }
}

extension OpenStackSwiftServer {
    /// The server of the running test's suite.
    package static var current: OpenStackSwiftServer {
        get throws {
            guard let server = OpenStackSwiftTrait.server else {
                throw ServerFailure("the suite lacks the trait .openStackSwiftServer")
            }
            return server
        }
    }
}
