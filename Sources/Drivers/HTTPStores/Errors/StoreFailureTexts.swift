// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import SteelyardCore

/// Creates the errors of one object that do not depend on the kind of store: the cause first, then the store, then the
/// remedy.
package protocol StoreFailureTexts: Sendable {
    /// The store's URL.
    var endpoint: StorageEndpoint { get }
    /// The object's path, with `***` for each secret.
    var objectPath: String { get }
    /// Secrets that no error may contain.
    var secrets: [String] { get }
}

extension StoreFailureTexts {
    /// The store's host and port, with `***` for each secret: a sender may have mixed up the fields of its message.
    package var authority: String { masked(endpoint.authority) }

    /// Creates the error of a request without a response.
    package func error(for error: CurlError) -> ObjectStoreError {
        let (code, cause, advice) = CurlFailure.explanation(of: error.kind)
        let detail = StoreText.line(error.detail, hiding: secrets)
        return ObjectStoreError(code, "\(cause) (\(authority): \(detail)); \(advice)")
    }

    /// Creates the error of a store whose address is rejected.
    package func localAddress(_ address: IPAddress) -> ObjectStoreError {
        let (host, port) = (masked(endpoint.host), endpoint.effectivePort)
        return ObjectStoreError(
            .forbidden,
            "the object store's address \(address) (\(address.localKind ?? "local"), \(authority)) is not allowed while"
                + " archive.endpoints is empty; if it is correct, add \"\(host):\(port)\" to"
                + " archive.endpoints"
        )
    }

    /// Creates the error of content whose size differs at the second reading.
    package func contentChanged() -> ObjectStoreError {
        ObjectStoreError(
            .sourceFailed,
            "the object's content changed between two readings of the log, which made its Content-Length wrong"
                + " (\(authority) supports no chunked upload); send the ARCHIVE again"
        )
    }

    /// Creates the error of an upload that exceeds the total time-out.
    package func outOfTime(_ limit: Duration, last: ObjectStoreError?) -> ObjectStoreError {
        ObjectStoreError(
            .timedOut,
            "the object was not stored within \(limit.components.seconds) s"
                + (last.map { "; the last attempt: \($0.message)" }
                    ?? " at \(authority); check the network and the store"),
            status: last?.status
        )
    }

    /// Replaces each secret by `***`.
    package func masked(_ text: String) -> String { StoreText.masked(text, hiding: secrets) }
}
