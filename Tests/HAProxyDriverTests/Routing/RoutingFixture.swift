// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCertificates
import SteelyardCore
import TestServers

@testable import HAProxyDriver

extension DeviceUnderTest {
    /// Decodes an UPDATE with one load balancer on the port for HTTP.
    ///
    /// - Parameter members: The JSON members in addition to its listener.
    func decode(_ members: String, as listenerProtocol: ListenerProtocol = .http) throws -> LoadBalancerSet {
        let message = """
            {"hpcs_action": "UPDATE", "loadbalancers": [
             {"protocol": "\(listenerProtocol.rawValue)", "address": "127.0.0.1", "port": \(httpPort), \(members)}]}
            """
        let decoded = try Message(JSONDocument(Array(message.utf8)), certificates: OpenSSLCertificateReader())
        guard case .update(let set) = decoded.action else { throw ServerFailure("no UPDATE") }
        return set
    }

    /// The JSON of the nodes with these ports, with the ids 1, 2, ….
    static func nodes(_ ports: Int...) -> String {
        let nodes = ports.enumerated().map { #"{"id": "\#($0 + 1)", "address": "127.0.0.1", "port": \#($1)}"# }
        return #""nodes": [\#(nodes.joined(separator: ", "))]"#
    }
}

/// A response to a request that was sent byte for byte.
struct RawAnswer: Sendable {
    /// 0 if the connection was closed or reset instead.
    let status: Int
    /// The header as received.
    let head: String
    let body: String

    init(_ bytes: [UInt8]) {
        let end = bytes.firstRange(of: Array("\r\n\r\n".utf8))
        head = String(decoding: bytes[..<(end?.lowerBound ?? bytes.endIndex)], as: UTF8.self)
        body = String(decoding: bytes[(end?.upperBound ?? bytes.endIndex)...], as: UTF8.self)
        status = head.split(separator: " ", maxSplits: 2).dropFirst().first.flatMap { Int($0) } ?? 0
    }

    /// The values of a header field, in their order.
    func values(_ name: String) -> [String] {
        head.split(separator: "\r\n").compactMap { line in
            let prefix = name.lowercased() + ": "
            return line.lowercased().hasPrefix(prefix) ? String(line.dropFirst(prefix.count)) : nil
        }
    }

    /// Sends a request, and reads the response.
    ///
    /// - Parameters:
    ///   - text: The request line and header fields, separated by `\n`, without the empty line at the end.
    ///   - before: Bytes that are sent first.
    static func to(_ text: String, _ port: Int, after before: [UInt8] = []) async throws -> RawAnswer {
        try await to(bytes: before + Array((text.replacing("\n", with: "\r\n") + "\r\n\r\n").utf8), port)
    }

    /// Sends bytes, and reads the response.
    static func to(bytes request: [UInt8], _ port: Int) async throws -> RawAnswer {
        try await blocking {
            let socket = try LoopbackSocket.connected(to: port)
            socket.write(request)
            var bytes: [UInt8] = []
            while !isWhole(bytes), let more = socket.read(), !more.isEmpty { bytes += more }
            socket.shutDown()
            return RawAnswer(bytes)
        }
    }

    private static func isWhole(_ bytes: [UInt8]) -> Bool {
        guard let head = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return false }
        let length = RawAnswer(bytes).values("content-length").first.flatMap { Int($0) }
        return length.map { bytes.count >= head.upperBound + $0 } ?? false
    }
}
