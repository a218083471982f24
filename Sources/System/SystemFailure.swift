// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The error of a system call without which the program cannot run.
package struct SystemFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The operation and the cause, in one sentence.
    package let description: String

    package init(_ problem: String, errno number: Int32) {
        description = "\(problem): \(unsafe String(cString: strerror(number)))"
    }

    package init(_ problem: String) { description = problem }
}
