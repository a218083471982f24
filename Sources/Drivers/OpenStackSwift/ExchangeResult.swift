// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// How a request has ended.
struct ExchangeResult: Hashable, Sendable {
    enum End: Hashable, Sendable {
        /// The store has answered.
        case answered(StoreAnswer)
        /// There was no answer, or only a part of one.
        case broke(CurlError)
        /// This side has ended it, or not begun it: the content cannot be made, or nobody wants it any more.
        case stopped(ObjectStoreError)
        /// There is more content than one object may have.
        case outgrown
    }

    let end: End
    /// The content, where all of it was sent; whether it has arrived is another question.
    var sent: StoredObject?
    /// Whether any of the content was taken: that is gone, and cannot be sent again.
    var isTouched = false
    /// Whether the content ends with what was sent.
    var isLast = true
}
