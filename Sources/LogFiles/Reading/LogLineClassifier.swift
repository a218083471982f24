// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import SteelyardCore

/// Knows which load balancer the lines of a log belong to.
package protocol LogLineClassifier: Sendable {
    /// The kind of load balancer that a line belongs to.
    ///
    /// It is called once for each line, and must not allocate.
    ///
    /// - Parameter line: The line without its newline, or as much of its beginning as
    ///   ``LogLineSplitter/longLine``.
    /// - Returns: nil for a line that belongs to none.
    func owner(of line: UnsafeRawBufferPointer) -> MeteredProtocol?
}
