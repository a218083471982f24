// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import SteelyardCore

/// Knows which load balancer the lines of a log belong to.
package protocol LogLineClassifier: Sendable {
    /// Finds what a line belongs to.
    ///
    /// It is called once for each line, and must not allocate.
    ///
    /// - Parameter line: The line without its newline, or as much of its beginning as
    ///   ``LogLineSplitter/longLine``.
    func owner(of line: UnsafeRawBufferPointer) -> LogLineOwner
}

/// What a line of a log belongs to.
package enum LogLineOwner: Hashable, Sendable {
    /// The load balancer of a kind.
    case loadBalancer(MeteredProtocol)
    /// A load balancer that was deleted: the line is in no archive.
    case deletedLoadBalancer
    /// None.
    case none
}
