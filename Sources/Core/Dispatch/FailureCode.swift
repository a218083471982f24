// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The values of a reply's `hpcs_error_code`.
///
/// A code stays the same if the text of `hpcs_error` changes. A release may add codes, but never renames one.
package enum FailureCode: String, CaseIterable, Sendable {
    // The message
    case invalidJSON = "invalid_json"
    case invalidField = "invalid_field"
    case messageTooLarge = "message_too_large"
    case staleVersion = "stale_version"
    case busy

    // The device
    case notConfigured = "not_configured"
    case deleted
    case addressInUse = "address_in_use"
    case tlsKeyRequired = "tls_key_required"
    case rejected
    case unsupported
    case notRunning = "not_running"
    case timedOut = "timed_out"
    case unavailable
    case stateUnreadable = "state_unreadable"
    case stateUnwritable = "state_unwritable"
    case logUnavailable = "log_unavailable"
    case cancelled

    // The object store
    case storeUnauthorized = "store_unauthorized"
    case storeForbidden = "store_forbidden"
    case storeNotFound = "store_not_found"
    case storeObjectExists = "store_object_exists"
    case storeTooLarge = "store_too_large"
    case storeChecksumMismatch = "store_checksum_mismatch"
    case storeRefused = "store_refused"
    case storeUnavailable = "store_unavailable"
    case storeUntrusted = "store_untrusted"
    case storeTimedOut = "store_timed_out"
    case storeUnsupported = "store_unsupported"

    /// The code's meaning and the control plane's next step, as in the documentation's table.
    package var meaning: String {
        switch self {
        case .invalidJSON: "The payload is not one JSON object. Correct it."
        case .invalidField: "A field is missing, is not allowed, or has a value that is not allowed. Correct it."
        case .messageTooLarge: "The payload has more bytes than `limits.message_bytes`. Send less."
        case .staleVersion: "`config_version` is lower than the device's. Nothing was changed. Send the current state."
        case .busy: "Too much is waiting on this device. Send the message again later."
        case .notConfigured: "Nothing is configured. Send an UPDATE."
        case .deleted: "The load balancer was deleted. Send an UPDATE."
        case .addressInUse: "Another program listens on the address and port. Free it, or choose another one."
        case .tlsKeyRequired:
            "The device does not have the certificate that the container refers to. Send it with its `private_key`."
        case .rejected: "The proxy does not accept the configuration. Correct the field."
        case .unsupported: "The driver or the agent cannot do this. Do not repeat it."
        case .notRunning: "The proxy should be running and is not. The agent starts it again; ask later."
        case .timedOut: "The proxy did not answer in time. Send the message again."
        case .unavailable: "The proxy, or a program or a file that it needs, cannot be reached. See the device's log."
        case .stateUnreadable: "The agent's state cannot be read. See the device's log."
        case .stateUnwritable: "The agent's state cannot be written, for example on a full disk. See the device's log."
        case .logUnavailable: "The log cannot be read. See the device's log."
        case .cancelled: "The agent is stopping. Send the message again."
        case .storeUnauthorized: "The store does not accept the credentials, or they have expired. Send new ones."
        case .storeForbidden:
            "The credentials give no access to the account or the container, or the agent may not use the endpoint."
        case .storeNotFound: "The account or the container does not exist."
        case .storeObjectExists: "The store has another object of this name."
        case .storeTooLarge: "The store takes no object of this size."
        case .storeChecksumMismatch: "The store has received other bytes than were sent. Send the ARCHIVE again."
        case .storeRefused: "The store has refused the request."
        case .storeUnavailable: "The store cannot be reached, or the connection broke. Send the ARCHIVE again."
        case .storeUntrusted: "The store's certificate is not trusted. Set `archive.ca`."
        case .storeTimedOut: "The store did not answer in time. Send the ARCHIVE again."
        case .storeUnsupported: "The store cannot do this."
        }
    }

    package init(_ code: DriverError.Code) {
        self =
            switch code {
            case .notConfigured: .notConfigured
            case .deleted: .deleted
            case .notRunning: .notRunning
            case .keyRequired: .tlsKeyRequired
            case .rejected: .rejected
            case .addressInUse: .addressInUse
            case .unsupported: .unsupported
            case .timedOut: .timedOut
            case .stateUnreadable: .stateUnreadable
            case .stateUnwritable: .stateUnwritable
            case .logUnavailable: .logUnavailable
            case .cancelled: .cancelled
            default: .unavailable
            }
    }

    package init(_ code: ObjectStoreError.Code) {
        self =
            switch code {
            case .unauthorized: .storeUnauthorized
            case .forbidden: .storeForbidden
            case .notFound: .storeNotFound
            case .alreadyExists: .storeObjectExists
            case .tooLarge: .storeTooLarge
            case .checksumMismatch: .storeChecksumMismatch
            case .refused: .storeRefused
            case .untrusted: .storeUntrusted
            case .timedOut: .storeTimedOut
            case .unsupported: .storeUnsupported
            case .sourceFailed: .logUnavailable
            case .cancelled: .cancelled
            default: .storeUnavailable
            }
    }
}
