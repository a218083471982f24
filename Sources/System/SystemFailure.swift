// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Says that the system refused something without which the program cannot run, and why.
package struct SystemFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is refused and why, in one sentence.
    package let description: String

    package init(_ problem: String, errno number: Int32) {
        description = "\(problem): \(unsafe String(cString: strerror(number)))"
    }

    package init(_ problem: String) { description = problem }
}
