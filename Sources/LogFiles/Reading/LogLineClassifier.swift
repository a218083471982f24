// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import SteelyardCore

/// Assigns the lines of a log to load balancers.
package protocol LogLineClassifier: Sendable {
    /// Returns the owner of a line.
    ///
    /// Called once for each line; must not allocate.
    ///
    /// - Parameter line: The line without its newline, or its first ``LogLineSplitter/longLine`` bytes.
    func owner(of line: UnsafeRawBufferPointer) -> LogLineOwner
}

/// The owner of a line.
package enum LogLineOwner: Hashable, Sendable {
    /// The only load balancer of its kind: the line belongs to whatever part asks for this kind.
    case loadBalancer(ProxyKind)
    /// A load balancer with an id, whose bytes are in this range of the line.
    case named(ProxyKind, Range<Int>)
    /// A load balancer with an id that the line does not have.
    case identified(LoadBalancerKey)
    /// A deleted load balancer: no archive contains the line.
    case deletedLoadBalancer
    /// No owner.
    case none
}
