// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The driver's proxy, as reported by STATS, `steelyard status` and the metrics.
public struct ProxyStatus: Hashable, Sendable {
    /// The name of the reply's field, such as `haproxy`: lower-case letters.
    public let name: String
    /// The proxy's version, such as `2.6.12`.
    public let version: String
    /// When the process that accepts connections was started.
    public let since: UTCTimestamp?
    /// The number of times the proxy exited unexpectedly since the agent was started.
    public var unexpectedEnds: Int
    /// The PID of the process that accepts connections.
    public var processID: Int32?
    /// Processes that accept no new connections and finish the open ones.
    public var oldProcesses: [OldProcess] = []
    /// The changes made by another program, as lines; nil if there are none.
    public var drift: String?
    /// The number of times such changes were found since the agent was started.
    public var driftCount = 0
    /// The bytes sent to clients since the agent was started, by load balancer; monotonic.
    public var bytesOut: [LoadBalancerKey: UInt64] = [:]

    /// A process that accepts no new connections.
    public struct OldProcess: Hashable, Sendable {
        /// The PID.
        public let processID: Int32
        /// The time since the agent first saw it as old, in whole seconds.
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
