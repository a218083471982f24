// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import SteelyardCore

/// How a request has ended.
package struct ExchangeResult: Hashable, Sendable {
    package enum End: Hashable, Sendable {
        /// The store has answered.
        case answered(StoreAnswer)
        /// There was no answer, or only a part of one.
        case broke(CurlError)
        /// This side has ended it, or not begun it: the content cannot be made, the address is refused, or the upload is
        /// cancelled.
        case stopped(ObjectStoreError)
        /// There is more content than one object may have.
        case outgrown
        /// The content was counted and not sent.
        case counted(UInt64)
    }

    package let end: End
    /// What this request has sent of the content, if it has sent all that it was to send; whether the store has it is
    /// another question.
    package var sent: StoredObject?
    /// The whole content, if it ends with what was sent and earlier requests have sent the rest.
    package var whole: StoredObject?
    /// Whether any of the content was taken: that is gone, and cannot be sent again.
    package var isTouched = false
    /// Whether the content ends with what was sent.
    package var isLast = true

    package init(
        end: End,
        sent: StoredObject? = nil,
        whole: StoredObject? = nil,
        isTouched: Bool = false,
        isLast: Bool = true
    ) {
        self.end = end
        self.sent = sent
        self.whole = whole
        self.isTouched = isTouched
        self.isLast = isLast
    }
}
