// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// An error of a driver.
public struct DriverError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of failure.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String, Hashable, Sendable {
            case notConfigured, deleted, notRunning, rejected, addressInUse, unsupported, timedOut, unavailable
            case keyRequired
            case stateUnreadable, stateUnwritable, logUnavailable, cancelled
        }

        private let kind: Kind

        /// The code's name.
        public var description: String { kind.rawValue }

        /// Nothing has been configured yet.
        public static let notConfigured = Code(kind: .notConfigured)
        /// A DELETE has removed the configuration.
        public static let deleted = Code(kind: .deleted)
        /// The proxy should be running but is not.
        public static let notRunning = Code(kind: .notRunning)
        /// The proxy rejects the configuration.
        public static let rejected = Code(kind: .rejected)
        /// Another program listens on a requested address and port.
        public static let addressInUse = Code(kind: .addressInUse)
        /// The device does not have the private key that the request refers to.
        public static let keyRequired = Code(kind: .keyRequired)
        /// The driver does not support the request.
        public static let unsupported = Code(kind: .unsupported)
        /// The proxy did not respond in time.
        public static let timedOut = Code(kind: .timedOut)
        /// The proxy, or a program or file that it needs, is unavailable.
        public static let unavailable = Code(kind: .unavailable)
        /// The driver's state cannot be read.
        public static let stateUnreadable = Code(kind: .stateUnreadable)
        /// The driver's state cannot be written.
        public static let stateUnwritable = Code(kind: .stateUnwritable)
        /// The log cannot be read.
        public static let logUnavailable = Code(kind: .logUnavailable)
        /// The agent is stopping.
        public static let cancelled = Code(kind: .cancelled)
    }

    /// The kind of failure.
    public let code: Code
    /// One sentence without secrets: what is wrong, where, and what to do.
    public let message: String
    /// The UPDATE's field at fault, if any.
    public let field: LoadBalancerField?

    /// Creates an error.
    public init(_ code: Code, _ message: String, field: LoadBalancerField? = nil) {
        self.code = code
        self.message = message
        self.field = field
    }

    /// The error of a device without a configuration.
    public static let nothingConfigured = DriverError(
        .notConfigured,
        "no load balancer is configured; send an UPDATE"
    )

    /// The error after a DELETE.
    public static let alreadyDeleted = DriverError(.deleted, "the load balancer was deleted; send an UPDATE")

    /// The error for opening a log after a DELETE.
    public static let noLogs = DriverError(
        .deleted,
        "there are no logs: the load balancer was deleted; send an UPDATE"
    )

    /// The code and the message.
    public var description: String { "\(code): \(message)" }

    /// Returns the value of a reply's `hpcs_error`; with a field, it begins with the field's path.
    package func sentence(listName: String) -> String {
        field.map { "\($0.path(listName: listName)) \(message)" } ?? message
    }
}
