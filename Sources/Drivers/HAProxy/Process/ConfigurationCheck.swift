// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SystemPackage

/// Makes HAProxy check a configuration; changes nothing that runs.
struct ConfigurationCheck: Sendable {
    private let program: ExternalProgram
    private let timeout: Duration

    init(_ binary: FilePath, within timeout: Duration = .seconds(4)) {
        program = ExternalProgram(binary, option: "haproxy.binary")
        self.timeout = timeout
    }

    /// Checks a file with this rendered configuration.
    ///
    /// - Throws: `DriverError`: `rejected` with HAProxy's message, `unavailable` if HAProxy cannot be run, `timedOut`
    ///   if it does not end.
    func check(_ file: FilePath, _ rendered: RenderedConfiguration) async throws(DriverError) {
        let ending = try await program.run(
            ["-c", "-f", file.string],
            within: timeout + ServiceLimits.loading(rendered)
        )
        guard !ending.isSuccess else { return }
        throw HAProxyAlert(in: ending.output)?.error(of: rendered)
            ?? DriverError(.rejected, "HAProxy rejected the configuration without a reason")
    }

    /// The same as a `Result`, for an `async let`, which has no typed errors.
    func result(_ file: FilePath, _ rendered: RenderedConfiguration) async -> Result<Void, DriverError> {
        do throws(DriverError) { return .success(try await check(file, rendered)) } catch { return .failure(error) }
    }
}
