// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import SteelyardCore

/// The result of a request.
package struct ExchangeResult: Hashable, Sendable {
    package enum End: Hashable, Sendable {
        /// The store sent a complete response.
        case answered(StoreAnswer)
        /// There was no response, or an incomplete one.
        case broke(CurlError)
        /// The client ended it, or did not start it: the content is unreadable, the address is rejected, or the upload
        /// is cancelled.
        case stopped(ObjectStoreError)
        /// The content exceeds the size limit of one object.
        case outgrown
        /// The content was counted, not sent.
        case counted(UInt64)
    }

    package let end: End
    /// The content that this request has sent, if it has sent its whole share; the store may still not have it.
    package var sent: StoredObject?
    /// The whole content, if it ends with this request and earlier requests have sent the rest.
    package var whole: StoredObject?
    /// Whether any of the content was consumed: it cannot be sent again.
    package var isTouched = false
    /// Whether the content ends with this request.
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
