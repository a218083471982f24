// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

@testable import ExecDriver

extension FuzzTarget {
    /// The standard output of a driver program.
    static let execAnswers = FuzzTarget(name: "exec-answers") { bytes in
        let now = ContinuousClock.now
        var exchange = Exchange(now: now)
        for method in [Method.apply, .status] {
            _ = exchange.add(Request(method: method, timeout: .seconds(1)), at: now) { result in
                if case .success(let value) = result { read(value) }
            }
        }
        var splitter = LineSplitter(limit: 4096)
        for piece in stride(from: 0, to: bytes.count, by: 100) {
            for line in splitter.add(bytes[piece..<min(piece + 100, bytes.count)]) {
                guard case .whole(let line) = line else { continue }
                do throws(ProtocolFault) { try exchange.receive(line, at: now)?() } catch {
                    try requireLine(error.description)
                }
                if case .failure(_, let error)? = try? IncomingMessage(line) { try requireLine(error.message) }
            }
        }
    }

    /// Parses a result like each request does.
    private static func read(_ result: JSONValue) {
        _ = try? ProgramDescription(result)
        _ = try? DeviceStatus(program: result)
        _ = try? UsageReport(program: result)
        _ = try? ConfigurationVersion.read(program: result)
        _ = try? LogPiece(result, after: 0, of: 1 << 20)
        _ = ProxyStatus(program: result)
    }

    private static func requireLine(_ text: String) throws {
        let isOneLine = text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
        try FuzzFailure.require(isOneLine && text.unicodeScalars.count < 10_000, "the error is one short line: \(text)")
    }
}
