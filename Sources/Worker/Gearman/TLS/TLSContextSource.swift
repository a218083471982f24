// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore
import Synchronization

/// Provides each new connection with the current certificates.
///
/// If the files are unusable, for example during a rotation, the previous certificates stay in use.
final class TLSContextSource: Sendable {
    let settings: TLSSettings
    private let logger: Logger?
    private let last = Mutex<TLSContext?>(nil)

    /// - Parameters:
    ///   - settings: The files to use.
    ///   - logger: Receives a line if the files are unusable; nil for none.
    init(_ settings: TLSSettings, logger: Logger? = nil) {
        self.settings = settings
        self.logger = logger
    }

    /// Reads the files.
    ///
    /// - Throws: `TLSError` if they are unusable and were never usable before.
    func context() throws(TLSError) -> TLSContext {
        do throws(TLSError) {
            let context = try TLSContext(settings)
            last.withLock { $0 = context }
            return context
        } catch {
            guard let context = last.withLock({ $0 }) else { throw error }
            logger?.warning(
                "TLS files unusable; keeping the previous ones",
                metadata: [LogKeys.error: "\(error)"]
            )
            return context
        }
    }
}
