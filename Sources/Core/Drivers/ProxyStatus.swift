// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The program that serves for a driver, as STATS, `steelyard status` and the metrics show it.
public struct ProxyStatus: Hashable, Sendable {
    /// The field of the reply, such as `haproxy`: lower-case letters.
    public let name: String
    /// The program's version, such as `2.6.12`.
    public let version: String
    /// Since when the process that takes connections runs.
    public let since: UTCTimestamp?
    /// How often the program has ended by itself, or by a signal, since the agent was started.
    public var unexpectedEnds: Int
    /// The number of the process that takes connections.
    public var processID: Int32?
    /// Processes that take no new connections and finish those that they have.
    public var oldProcesses: [OldProcess] = []
    /// What another program has changed, in lines; nil if the device is as it should be.
    public var drift: String?
    /// How often another program's changes were found since the agent was started.
    public var driftCount = 0
    /// The bytes sent to clients since the agent was started, by protocol. They grow only.
    public var bytesOut: [MeteredProtocol: UInt64] = [:]

    /// A process that takes no new connections.
    public struct OldProcess: Hashable, Sendable {
        /// Its number.
        public let processID: Int32
        /// For how long the agent has seen it finish its connections, in whole seconds.
        public let seconds: Int

        /// Creates a description.
        public init(processID: Int32, seconds: Int) {
            self.processID = processID
            self.seconds = seconds
        }
    }

    /// Creates a status.
    public init(name: String, version: String, since: UTCTimestamp? = nil, unexpectedEnds: Int = 0) {
        self.name = name
        self.version = version
        self.since = since
        self.unexpectedEnds = unexpectedEnds
    }

    var member: JSONFragment.Member {
        .init(
            name,
            .object(
                [.init("version", .string(version))]
                    + (since.map { [.init("since", .string($0.description))] } ?? [])
                    + (unexpectedEnds > 0 ? [.init("unexpected_ends", .integer(Int64(unexpectedEnds)))] : [])
            )
        )
    }
}
