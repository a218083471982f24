// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging
import SteelyardCore
import Synchronization

/// Gives each new connection the certificates that are in the files now.
///
/// Files that cannot be used, such as in the middle of a rotation, leave the earlier ones in use.
final class TLSContextSource: Sendable {
    let settings: TLSSettings
    private let logger: Logger?
    private let last = Mutex<TLSContext?>(nil)

    /// - Parameters:
    ///   - settings: Which files are used.
    ///   - logger: Takes a line where files cannot be used; nil for none.
    init(_ settings: TLSSettings, logger: Logger? = nil) {
        self.settings = settings
        self.logger = logger
    }

    /// Reads the files.
    ///
    /// - Throws: `TLSError` where they cannot be used and never could.
    func context() throws(TLSError) -> TLSContext {
        do throws(TLSError) {
            let context = try TLSContext(settings)
            last.withLock { $0 = context }
            return context
        } catch {
            guard let context = last.withLock({ $0 }) else { throw error }
            logger?.warning(
                "TLS files cannot be used; the earlier ones stay in use",
                metadata: [LogKeys.error: "\(error)"]
            )
            return context
        }
    }
}
