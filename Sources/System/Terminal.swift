// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CLinux

/// A terminal that a descriptor leads to.
package enum Terminal {
    /// The terminal's width in columns.
    ///
    /// - Returns: nil if the descriptor is no terminal, or the terminal does not report its size.
    package static func columns(of descriptor: Int32) -> Int? {
        let columns = Int(steelyard_terminal_columns(descriptor))
        return columns > 0 ? columns : nil
    }
}
