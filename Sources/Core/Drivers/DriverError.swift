// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Says why a driver could not do what it was asked.
public struct DriverError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of failure.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String, Hashable, Sendable {
            case notConfigured, deleted, notRunning, rejected, addressInUse, unsupported, timedOut, unavailable
            case stateUnreadable, stateUnwritable, logUnavailable, cancelled
        }

        private let kind: Kind

        /// The code's name.
        public var description: String { kind.rawValue }

        /// Nothing has been configured yet.
        public static let notConfigured = Code(kind: .notConfigured)
        /// A DELETE has removed the configuration.
        public static let deleted = Code(kind: .deleted)
        /// The proxy should be running and is not.
        public static let notRunning = Code(kind: .notRunning)
        /// The proxy does not accept the configuration.
        public static let rejected = Code(kind: .rejected)
        /// Another program listens on an address and port that are asked for.
        public static let addressInUse = Code(kind: .addressInUse)
        /// The driver cannot do this at all.
        public static let unsupported = Code(kind: .unsupported)
        /// The proxy did not answer in time.
        public static let timedOut = Code(kind: .timedOut)
        /// The proxy, or a program or a file that is needed for it, cannot be reached.
        public static let unavailable = Code(kind: .unavailable)
        /// The driver's own state cannot be read.
        public static let stateUnreadable = Code(kind: .stateUnreadable)
        /// The driver's own state cannot be written.
        public static let stateUnwritable = Code(kind: .stateUnwritable)
        /// There is no log to read.
        public static let logUnavailable = Code(kind: .logUnavailable)
        /// The agent is stopping.
        public static let cancelled = Code(kind: .cancelled)
    }

    /// What kind of failure it is.
    public let code: Code
    /// One sentence, without any secret: what is wrong, where, and what to do.
    public let message: String
    /// The field of the UPDATE that is at fault, where one is.
    public let field: LoadBalancerField?

    /// Creates an error.
    public init(_ code: Code, _ message: String, field: LoadBalancerField? = nil) {
        self.code = code
        self.message = message
        self.field = field
    }

    /// The error where nothing has been configured yet.
    public static let nothingConfigured = DriverError(
        .notConfigured,
        "no load balancer is configured; send an UPDATE"
    )

    /// The error after a DELETE.
    public static let alreadyDeleted = DriverError(.deleted, "the load balancer was deleted; send an UPDATE")

    /// The error of a log that is opened after a DELETE.
    public static let noLogs = DriverError(
        .deleted,
        "there are no logs: the load balancer was deleted; send an UPDATE"
    )

    /// The code and the sentence.
    public var description: String { "\(code): \(message)" }

    /// The sentence of a reply's `hpcs_error`; with a field, it begins with the field's path.
    package func sentence(listName: String) -> String {
        field.map { "\($0.path(listName: listName)) \(message)" } ?? message
    }
}
