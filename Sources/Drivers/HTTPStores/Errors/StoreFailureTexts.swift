// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import SteelyardCore

/// Makes the errors of one object that have nothing to do with the kind of its store: the cause first, then the store,
/// then what to do.
package protocol StoreFailureTexts: Sendable {
    /// The store's URL.
    var endpoint: StorageEndpoint { get }
    /// The object's place, with `***` for each secret.
    var objectPath: String { get }
    /// What no error may show.
    var secrets: [String] { get }
}

extension StoreFailureTexts {
    /// The store's host and port, with `***` for each secret: a sender may confuse the fields of its message.
    package var authority: String { masked(endpoint.authority) }

    /// What it means that there was no answer.
    package func error(for error: CurlError) -> ObjectStoreError {
        let (code, cause, advice) = CurlFailure.explanation(of: error.kind)
        let detail = StoreText.line(error.detail, hiding: secrets)
        return ObjectStoreError(code, "\(cause) (\(authority): \(detail)); \(advice)")
    }

    /// The store's host has an address that is refused.
    package func localAddress(_ address: IPAddress) -> ObjectStoreError {
        let (host, port) = (masked(endpoint.host), endpoint.effectivePort)
        return ObjectStoreError(
            .forbidden,
            "the object store's address \(address) (\(address.localKind ?? "local"), \(authority)) is refused while"
                + " archive.endpoints is empty; if it is the store's, add \"\(host):\(port)\" to"
                + " archive.endpoints"
        )
    }

    /// The content that was made again has another size.
    package func contentChanged() -> ObjectStoreError {
        ObjectStoreError(
            .sourceFailed,
            "the object's content changed between two readings of the log, so that its Content-Length is wrong"
                + " (\(authority) takes no chunked upload); send the ARCHIVE again"
        )
    }

    /// The time for the whole object is over.
    package func outOfTime(_ limit: Duration, last: ObjectStoreError?) -> ObjectStoreError {
        ObjectStoreError(
            .timedOut,
            "the object was not stored within \(limit.components.seconds) s"
                + (last.map { "; the last attempt: \($0.message)" }
                    ?? " at \(authority); check the network and the store"),
            status: last?.status
        )
    }

    /// Shows `***` for each secret.
    package func masked(_ text: String) -> String { StoreText.masked(text, hiding: secrets) }
}
