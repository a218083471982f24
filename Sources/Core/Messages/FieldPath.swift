// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The path of a field in a message, such as `loadbalancers[0].nodes[2].port`.
///
/// A path is created for every field but rarely printed, so it is two numbers.
struct FieldPath: Hashable, Sendable, CustomStringConvertible {
    /// One byte per step, the last step lowest: a name's number plus one, or `indexStep`.
    private var steps: UInt64 = 0
    /// 32 bits per index, the last one lowest: the longest path is
    /// `loadbalancers[N].sni_container_data[N].intermediates[N]`.
    private var indices: UInt128 = 0

    private static let indexStep: UInt64 = 0xFF

    /// The message itself.
    static let root = FieldPath()

    subscript(name: FieldName) -> FieldPath {
        var path = self
        path.steps = steps << 8 | UInt64(name.rawValue &+ 1)
        return path
    }

    subscript(index: Int) -> FieldPath {
        var path = self
        path.steps = steps << 8 | Self.indexStep
        path.indices = indices << 32 | UInt128(UInt32(clamping: index))
        return path
    }

    /// The path, with a dot before each name except the first, and each index in brackets.
    var description: String {
        var result = ""
        var remaining = indices
        var rest = steps
        while rest != 0 {
            let step = rest & 0xFF
            rest >>= 8
            if step == Self.indexStep {
                result = "[\(UInt32(truncatingIfNeeded: remaining))]" + result
                remaining >>= 32
            } else if let name = FieldName(rawValue: UInt8(step - 1)) {
                result = (rest == 0 ? "" : ".") + name.text.description + result
            }
        }
        return result
    }
}
