// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// Makes the requests of one upload, and has the content that they send.
package protocol StoreRequester {
    associatedtype Request: StoreRequestKind

    /// Makes a request, and blocks until it has ended.
    ///
    /// - Parameters:
    ///   - time: The time that there is for it.
    ///   - connection: Where requests to the store are made.
    mutating func perform(
        _ request: Request,
        within time: StoreTime,
        over connection: StoreConnection
    ) -> ExchangeResult

    /// Releases the content that no later request goes on with.
    mutating func releaseContent()

    /// Releases, before a pause, what other objects would wait for.
    mutating func prepareForPause()

    /// Warns that the object is stored, and something of an earlier attempt is left.
    func warnOfRemains()
}
