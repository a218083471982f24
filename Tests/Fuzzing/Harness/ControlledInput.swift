// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// An input whose first bytes control how the target processes the rest.
struct ControlledInput {
    private static let controlCount = 8

    /// The bytes after the control bytes.
    let content: ArraySlice<UInt8>
    private let control: [UInt8]

    init(_ input: [UInt8]) {
        control = Array(input.prefix(Self.controlCount))
        content = input.dropFirst(Self.controlCount)
    }

    /// A control byte; the index wraps around, and an input without control bytes has zeros.
    subscript(index: Int) -> Int { control.isEmpty ? 0 : Int(control[index % control.count]) }

    /// The content in pieces of 1 to 256 bytes, according to the control bytes.
    var pieces: [ArraySlice<UInt8>] {
        var pieces: [ArraySlice<UInt8>] = []
        var rest = content
        while !rest.isEmpty {
            let piece = rest.prefix(self[pieces.count] + 1)
            pieces.append(piece)
            rest = rest.dropFirst(piece.count)
        }
        return pieces
    }
}
