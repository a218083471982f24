// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// An error of an object store.
public struct ObjectStoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of failure.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String, Hashable, Sendable {
            case unauthorized, forbidden, notFound, alreadyExists, tooLarge, checksumMismatch, refused, unavailable
            case untrusted, timedOut, sourceFailed, cancelled, unsupported
        }

        private let kind: Kind

        /// The code's name.
        public var description: String { kind.rawValue }

        /// The store rejects the credentials, or they have expired.
        public static let unauthorized = Code(kind: .unauthorized)
        /// The credentials give no access to this account or container.
        public static let forbidden = Code(kind: .forbidden)
        /// The account does not exist.
        public static let notFound = Code(kind: .notFound)
        /// An object of this name already exists.
        public static let alreadyExists = Code(kind: .alreadyExists)
        /// The object is larger than the store allows.
        public static let tooLarge = Code(kind: .tooLarge)
        /// The store computed another checksum than the sender.
        public static let checksumMismatch = Code(kind: .checksumMismatch)
        /// The store rejected the request.
        public static let refused = Code(kind: .refused)
        /// The store is unreachable, or the connection was lost.
        public static let unavailable = Code(kind: .unavailable)
        /// The store's certificate is not trusted.
        public static let untrusted = Code(kind: .untrusted)
        /// The store did not respond in time.
        public static let timedOut = Code(kind: .timedOut)
        /// The content could not be read.
        public static let sourceFailed = Code(kind: .sourceFailed)
        /// The store does not support the request.
        public static let unsupported = Code(kind: .unsupported)
        /// The agent is stopping.
        public static let cancelled = Code(kind: .cancelled)
    }

    /// The kind of failure.
    public let code: Code
    /// One sentence without secrets: what is wrong, where, and what to do.
    public let message: String
    /// The HTTP status of the store's response, if any.
    public let status: Int?

    /// Whether the object may be stored anyway, because a response was lost.
    public let mayBeStored: Bool

    /// Creates an error.
    ///
    /// - Parameters:
    ///   - code: The kind of failure.
    ///   - message: One sentence without secrets.
    ///   - status: The HTTP status of the store's response, if any.
    ///   - mayBeStored: Whether the object may be stored anyway; nil for the code's default.
    public init(_ code: Code, _ message: String, status: Int? = nil, mayBeStored: Bool? = nil) {
        self.code = code
        self.message = message
        self.status = status
        self.mayBeStored = mayBeStored ?? [.unavailable, .timedOut, .cancelled, .checksumMismatch].contains(code)
    }

    /// The code and the message.
    public var description: String { "\(code): \(message)" }
}
