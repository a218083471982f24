// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The job that a message came with, as far as its action has to do with it.
package protocol JobContext: Sendable {
    /// The job's handle, for the log.
    var handle: String { get }
    /// The job server, `HOST:PORT`; nil if the message came another way.
    var server: String? { get }
    /// Whether the agent is stopping and long work should end.
    var isCancelled: Bool { get }
    /// Why long work ends when the job is cancelled, and what to do: one sentence without a full stop.
    var cancellationMessage: String { get }
    /// Reports to the client how far the job has come. May be called often; not every call goes out.
    func report(progress: UInt64, of total: UInt64)
}

extension JobContext {
    /// No job server.
    package var server: String? { nil }

    /// The agent is stopping.
    package var cancellationMessage: String { "the agent is stopping; send the ARCHIVE again" }
}
