// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The program that serves for a driver, as STATS shows it.
public struct ProxyStatus: Hashable, Sendable {
    /// The field of the reply, such as `haproxy`: lower-case letters.
    public let name: String
    /// The program's version, such as `2.6.12`.
    public let version: String
    /// Since when the process that takes connections runs.
    public let since: UTCTimestamp?
    /// How often the program has ended by itself, or by a signal, since the agent was started.
    public let unexpectedEnds: Int

    /// Creates a status.
    public init(name: String, version: String, since: UTCTimestamp? = nil, unexpectedEnds: Int = 0) {
        self.name = name
        self.version = version
        self.since = since
        self.unexpectedEnds = unexpectedEnds
    }

    /// The same status, with the number of ends.
    package func with(unexpectedEnds: Int) -> ProxyStatus {
        ProxyStatus(name: name, version: version, since: since, unexpectedEnds: unexpectedEnds)
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
