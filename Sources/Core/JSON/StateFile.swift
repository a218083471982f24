// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// Decodes and encodes the JSON of state files.
package enum StateFile {
    /// Decodes a value.
    ///
    /// - Returns: nil if the bytes are not JSON in UTF-8, or if a member is missing, has another type or is out of range.
    package static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) -> Value? {
        guard String(validating: bytes, as: UTF8.self) != nil else { return nil }
        return try? JSONDecoder().decode(type, from: Data(bytes))
    }

    /// Encodes a value as an object with its members sorted by name.
    package static func encode(_ value: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Encoding fails only for a number that is not finite; no state file has one.
        return ((try? encoder.encode(value)).map(Array.init) ?? []) + [UInt8(ascii: "\n")]
    }
}
