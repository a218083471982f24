// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardSystem
import Synchronization

/// A host name lookup on its own thread, because a resolver supports neither timeouts nor cancellation.
final class AddressLookup: Sendable {
    private let outcome = Mutex<Result<[ResolvedAddress], ConnectionError>?>(nil)

    /// Starts the lookup.
    ///
    /// - Parameters:
    ///   - server: The server to resolve.
    ///   - isDone: Called on any thread once ``result`` is available.
    /// - Throws: `ThreadError` if no thread is available.
    init(_ server: GearmanServer, isDone: @escaping @Sendable () -> Void) throws(ThreadError) {
        try DedicatedThread.start(name: "resolver") { [self] in
            let result: Result<[ResolvedAddress], ConnectionError>
            do throws(ConnectionError) { result = .success(try ResolvedAddress.lookUp(server)) } catch {
                result = .failure(error)
            }
            outcome.withLock { $0 = result }
            isDone()
        }
    }

    /// The addresses, or the error; nil until the lookup has ended.
    var result: Result<[ResolvedAddress], ConnectionError>? { outcome.withLock { $0 } }
}
