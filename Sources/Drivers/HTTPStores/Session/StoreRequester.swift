// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// Makes the requests of one upload, and owns the content to send.
package protocol StoreRequester {
    associatedtype Request: StoreRequestKind

    /// Makes a request, and blocks until it has ended.
    ///
    /// - Parameters:
    ///   - time: The time left for it.
    ///   - connection: The connection to the store.
    mutating func perform(
        _ request: Request,
        within time: StoreTime,
        over connection: StoreConnection
    ) -> ExchangeResult

    /// Releases the content, which no later request continues.
    mutating func releaseContent()

    /// Releases, before a pause, resources that other objects need.
    mutating func prepareForPause()

    /// Warns that the object is stored but remains of an earlier attempt exist.
    func warnOfRemains()
}
