// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The job of a message, as its action sees it.
package protocol JobContext: Sendable {
    /// The job's handle, for the log.
    var handle: String { get }
    /// The job server, `HOST:PORT`; nil if the message did not come from a job server.
    var server: String? { get }
    /// Whether the agent is stopping and long work should end.
    var isCancelled: Bool { get }
    /// Why cancellation ends long work, and what to do: one sentence without a full stop.
    var cancellationMessage: String { get }
    /// Reports the progress to the client. May be called often; not every call is sent.
    func report(progress: UInt64, of total: UInt64)
}

extension JobContext {
    /// No job server.
    package var server: String? { nil }

    /// The agent is stopping.
    package var cancellationMessage: String { "the agent is stopping; send the ARCHIVE again" }
}
