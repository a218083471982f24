// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardSystem
import Synchronization

/// A host name that is being resolved on a thread of its own, since a resolver can neither be bounded nor stopped.
final class AddressLookup: Sendable {
    private let outcome = Mutex<Result<[ResolvedAddress], ConnectionError>?>(nil)

    /// Starts to resolve.
    ///
    /// - Parameters:
    ///   - server: Whose host is resolved.
    ///   - isDone: Called on any thread once ``result`` is there.
    /// - Throws: `ThreadError` where the system gives no thread.
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

    /// The addresses, or why there are none; nil until the resolver has answered.
    var result: Result<[ResolvedAddress], ConnectionError>? { outcome.withLock { $0 } }
}
