// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Says why an object could not be stored.
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

        /// The store does not know the token, or it has expired.
        public static let unauthorized = Code(kind: .unauthorized)
        /// The token gives no access to this account or container.
        public static let forbidden = Code(kind: .forbidden)
        /// There is no such account.
        public static let notFound = Code(kind: .notFound)
        /// There is an object of this name already.
        public static let alreadyExists = Code(kind: .alreadyExists)
        /// The store takes no object this large.
        public static let tooLarge = Code(kind: .tooLarge)
        /// The store counted another checksum than the sender.
        public static let checksumMismatch = Code(kind: .checksumMismatch)
        /// The store answered something else than success.
        public static let refused = Code(kind: .refused)
        /// The store cannot be reached, or the connection broke.
        public static let unavailable = Code(kind: .unavailable)
        /// The store's certificate is not to be trusted.
        public static let untrusted = Code(kind: .untrusted)
        /// The store did not answer in time.
        public static let timedOut = Code(kind: .timedOut)
        /// What was to be sent could not be read.
        public static let sourceFailed = Code(kind: .sourceFailed)
        /// The store cannot do this at all.
        public static let unsupported = Code(kind: .unsupported)
        /// The agent is stopping.
        public static let cancelled = Code(kind: .cancelled)
    }

    /// What kind of failure it is.
    public let code: Code
    /// One sentence, without the token: what is wrong, where, and what to do.
    public let message: String
    /// The store's HTTP status, where it gave one.
    public let status: Int?

    /// Whether the object may be in the store after all, because an answer was lost.
    public let mayBeStored: Bool

    /// Creates an error.
    ///
    /// - Parameters:
    ///   - code: What kind of failure it is.
    ///   - message: One sentence, without the token.
    ///   - status: The store's HTTP status, where it gave one.
    ///   - mayBeStored: Whether the object may be in the store after all; nil for what the code says.
    public init(_ code: Code, _ message: String, status: Int? = nil, mayBeStored: Bool? = nil) {
        self.code = code
        self.message = message
        self.status = status
        self.mayBeStored = mayBeStored ?? [.unavailable, .timedOut, .cancelled, .checksumMismatch].contains(code)
    }

    /// The code and the sentence.
    public var description: String { "\(code): \(message)" }
}
