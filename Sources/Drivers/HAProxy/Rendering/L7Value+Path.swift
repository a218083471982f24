// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

extension L7Value {
    /// The value without percent-encoding, as the path that it is compared with.
    ///
    /// One whose encoding is not that of a text without control characters stays as it is.
    var decodedPath: L7Value {
        var bytes: [UInt8] = []
        var rest = description.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%"), let code = Self.escape(rest.prefix(2)) else {
                bytes.append(byte)
                continue
            }
            bytes.append(code)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self).flatMap { try? L7Value($0) } ?? self
    }

    private static func escape(_ digits: Substring.UTF8View) -> UInt8? {
        let isHexadecimal = digits.allSatisfy { 0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 | 0x20 }
        return digits.count == 2 && isHexadecimal ? UInt8(String(Substring(digits)), radix: 16) : nil
    }
}
