// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

extension FieldName {
    /// Parses a member's name.
    ///
    /// - Parameters:
    ///   - name: The name's range in a document.
    ///   - bytes: The document's bytes.
    /// - Returns: nil for an unknown name.
    @inline(__always)
    init?(_ name: JSONNode.Name, in bytes: Span<UInt8>) {
        if name.isEscaped {
            self.init(escaped: bytes.extracting(name.range))
        } else {
            self.init(bytes, at: Int(name.start), count: Int(name.end &- name.start))
        }
    }

    private init?(escaped text: Span<UInt8>) {
        guard let name = JSONEscapes.resolve(text) else { return nil }
        self.init(name.utf8.span, at: 0, count: name.utf8.count)
    }

    @inline(__always)
    private init?(_ bytes: Span<UInt8>, at start: Int, count: Int) {
        let head = bytes.word(at: start, count: min(count, 8))

        // The names of one length. They are constants, so each comparison compares two numbers.
        @inline(__always)
        func oneOf(
            _ first: FieldName,
            _ second: FieldName? = nil,
            _ third: FieldName? = nil,
            _ fourth: FieldName? = nil
        ) -> FieldName? {
            if isMatch(first) { return first }
            if let second, isMatch(second) { return second }
            if let third, isMatch(third) { return third }
            if let fourth, isMatch(fourth) { return fourth }
            return nil
        }

        @inline(__always)
        func isMatch(_ name: FieldName) -> Bool {
            head == name.head && (count <= 8 || bytes.matches(name.text, from: 8, at: start))
        }

        let name: FieldName? =
            switch count {
            case 2: oneOf(.id)
            case 4: oneOf(.port, .name, .type, .path)
            case 5: oneOf(.nodes, .delay)
            case 6: oneOf(.weight, .backup)
            case 7: oneOf(.address, .monitor, .options, .timeout)
            case 8: oneOf(.protocol, .attempts)
            case 9: oneOf(.condition, .algorithm)
            case 11: oneOf(.action)
            case 13: oneOf(.documentedLoadBalancers, .deployedLoadBalancers)
            case 14: oneOf(.clientTimeout, .serverTimeout, .configVersion)
            case 15: oneOf(.connectTimeout, .connectRetries)
            case 22: oneOf(.objectStoreType)
            case 26: oneOf(.objectStoreEndpoint, .objectStoreBasePath)
            default: nil
            }
        guard let name else { return nil }
        self = name
    }

    /// The first eight bytes of the name, in the format of ``Swift/Span/word(at:count:)``.
    @inline(__always)
    private var head: UInt64 {
        var head: UInt64 = 0
        for index in 0..<min(text.utf8CodeUnitCount, 8) { head |= UInt64(text.utf8Start[index]) << (index &* 8) }
        return head
    }
}
