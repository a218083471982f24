// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

@testable import SteelyardWorker

/// A job server's bytes made from an input: the bytes themselves, or whole packets with correct sizes.
///
/// With packets, libFuzzer gets further than with bytes, where each change of a size must match the header.
enum JobServerPackets {
    /// The bytes, split as they arrive.
    ///
    /// - Parameters:
    ///   - input: Its first control byte selects how to interpret the content.
    ///   - areWhole: Whether all bytes are in one piece.
    static func pieces(of input: ControlledInput, areWhole: Bool) -> [[UInt8]] {
        let bytes = input[0] & 1 == 0 ? Array(input.content) : packets(input.content)
        guard !areWhole else { return [bytes] }
        var pieces: [[UInt8]] = []
        var start = 0
        while start < bytes.count {
            let end = min(start + input[pieces.count] + 1, bytes.count)
            pieces.append(Array(bytes[start..<end]))
            start = end
        }
        return pieces
    }

    /// Each packet is one byte for its type, one for the size of its body, and the body.
    private static func packets(_ content: ArraySlice<UInt8>) -> [UInt8] {
        var rest = content
        var bytes: [UInt8] = []
        while let kind = rest.popFirst(), let count = rest.popFirst() {
            let body = rest.prefix(Int(count))
            rest = rest.dropFirst(Int(count))
            bytes += [0] + Array("RES".utf8) + [0, 0, 0, kind, 0, 0, 0, UInt8(body.count)] + body
        }
        return bytes
    }
}
