// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CLinux

/// The terminal of a descriptor.
package enum Terminal {
    /// Returns the terminal's width in columns.
    ///
    /// - Returns: nil if the descriptor is not a terminal, or the terminal does not report its size.
    package static func columns(of descriptor: Int32) -> Int? {
        let columns = Int(steelyard_terminal_columns(descriptor))
        return columns > 0 ? columns : nil
    }
}
