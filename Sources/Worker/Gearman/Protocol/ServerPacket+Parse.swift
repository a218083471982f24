// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

extension ServerPacket {
    /// The maximum size of an argument in front of a payload, in bytes.
    static let longestArgument = 1024

    /// Parses the body of a packet.
    ///
    /// - Parameters:
    ///   - kind: The type from the packet's header.
    ///   - body: All bytes after the header.
    /// - Throws: `GearmanProtocolError` if the body does not fit the type, or if servers do not send the type.
    init(_ kind: GearmanPacketKind, _ body: ArraySlice<UInt8>) throws(GearmanProtocolError) {
        var arguments = Arguments(body, kind)
        switch kind {
        case .noop, .noJob:
            guard body.isEmpty else { throw .malformed(kind) }
            self = kind == .noop ? .noop : .noJob
        case .jobAssign, .jobAssignUnique:
            let handle = try arguments.next()
            let function = try arguments.next()
            let unique = kind == .jobAssignUnique ? try arguments.next() : []
            // gearmand truncates an id of 64 bytes to 63, and leaves an extra zero byte before the payload.
            if unique.count == JobName.longestUnique, arguments.rest.first == 0 { _ = try arguments.next() }
            self = .jobAssigned(
                JobAssignment(
                    name: JobName(handle: handle, unique: unique),
                    function: function,
                    payload: .bytes(Array(arguments.rest))
                )
            )
        case .echoResponse: self = .echo(Array(body))
        case .error: self = .error(code: try arguments.text(), text: arguments.restAsText())
        case .jobCreated: self = .jobCreated(handle: Array(body))
        case .workData: self = .workData(handle: try arguments.next(), Array(arguments.rest))
        case .workComplete: self = .workComplete(handle: try arguments.next(), Array(arguments.rest))
        case .workFail: self = .workFailed(handle: Array(body))
        case .workException: self = .workException(handle: try arguments.next())
        case .workStatus:
            let handle = try arguments.next()
            let numerator = try arguments.number()
            self = .workStatus(
                handle: handle,
                JobProgress(numerator: numerator, denominator: try arguments.lastNumber())
            )
        case .statusResponse, .statusResponseUnique:
            let name = try arguments.next()
            let isKnown = try arguments.number() != 0
            let isRunning = try arguments.number() != 0
            _ = try arguments.next()
            var clientCount: Int?
            if kind == .statusResponseUnique {
                _ = try arguments.next()
                clientCount = Int(clamping: try arguments.lastNumber())
            }
            self = .status(
                JobStatus(name: name, isKnown: isKnown, isRunning: isRunning, clientCount: clientCount)
            )
        case .optionResponse, .workWarning: self = .ignored(kind)
        default: throw .unexpected(kind)
        }
    }

    /// The arguments at the beginning of a body, each up to a zero byte.
    struct Arguments {
        private(set) var rest: ArraySlice<UInt8>
        private let kind: GearmanPacketKind

        init(_ body: ArraySlice<UInt8>, _ kind: GearmanPacketKind) {
            rest = body
            self.kind = kind
        }

        mutating func next() throws(GearmanProtocolError) -> [UInt8] {
            guard let end = rest.prefix(ServerPacket.longestArgument + 1).firstIndex(of: 0) else {
                throw .malformed(kind)
            }
            defer { rest = rest[(end + 1)...] }
            return Array(rest[..<end])
        }

        mutating func number() throws(GearmanProtocolError) -> UInt64 { try Self.number(next()[...], kind) }

        func lastNumber() throws(GearmanProtocolError) -> UInt64 { try Self.number(rest, kind) }

        mutating func text() throws(GearmanProtocolError) -> String { Self.printable(try next()[...]) }

        func restAsText() -> String { Self.printable(rest) }

        /// At most 200 characters of visible ASCII: a server must not be able to forge log lines.
        static func printable(_ bytes: ArraySlice<UInt8>) -> String {
            String(decoding: bytes.prefix(200).map { 0x20...0x7E ~= $0 ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
        }

        private static func number(
            _ digits: ArraySlice<UInt8>,
            _ kind: GearmanPacketKind
        ) throws(GearmanProtocolError) -> UInt64 {
            // libgearman also sends the zero byte of a C string.
            let digits = digits.last == 0 ? digits.dropLast() : digits
            guard let number = UInt64(String(decoding: digits.prefix(32), as: UTF8.self)) else {
                throw .malformed(kind)
            }
            return number
        }
    }
}
