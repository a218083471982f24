// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import Testing

/// Runs a suite and its nested suites with one S3 store that accepts parts of any size: ``MotoServer/current``.
package struct MotoTrait: SuiteTrait, TestScoping {
    @TaskLocal fileprivate static var server: MotoServer?

    package func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await withMoto(smallestPart: 1) { server in
            try await Self.$server.withValue(server) { try await function() }
        }
    }
}

extension Trait where Self == MotoTrait {
    /// Starts an S3 store for the suite.
    package static var motoServer: Self { Self() }
}

extension MotoServer {
    /// The server of the running test's suite.
    package static var current: MotoServer {
        get throws {
            guard let server = MotoTrait.server else { throw ServerFailure("the suite lacks the trait .motoServer") }
            return server
        }
    }
}
