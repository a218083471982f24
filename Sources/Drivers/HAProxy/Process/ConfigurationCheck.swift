// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import SystemPackage

/// Has HAProxy check a configuration, without a change to anything that runs.
struct ConfigurationCheck: Sendable {
    private let program: ExternalProgram
    private let timeout: Duration

    init(_ binary: FilePath, within timeout: Duration = .seconds(4)) {
        program = ExternalProgram(binary, option: "haproxy.binary")
        self.timeout = timeout
    }

    /// Checks a file that holds what was rendered.
    ///
    /// - Throws: `DriverError`: `rejected` with HAProxy's message, `unavailable` where there is no HAProxy,
    ///   `timedOut` where it does not end.
    func check(_ file: FilePath, _ rendered: RenderedConfiguration) async throws(DriverError) {
        let ending = try await program.run(
            ["-c", "-f", file.string],
            within: timeout + ServiceLimits.loading(rendered)
        )
        guard !ending.isSuccess else { return }
        throw HAProxyAlert(in: ending.output)?.error(of: rendered)
            ?? DriverError(.rejected, "the configuration is refused by HAProxy without a reason")
    }

    /// The same, for an `async let`, which knows no typed errors.
    func result(_ file: FilePath, _ rendered: RenderedConfiguration) async -> Result<Void, DriverError> {
        do throws(DriverError) { return .success(try await check(file, rendered)) } catch { return .failure(error) }
    }
}
