// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// A request to a driver program.
struct Request: Sendable {
    /// Receives the response, once, on the thread of the session.
    typealias Completion = @Sendable (Result<JSONValue, CallFailure>) -> Void

    let method: Method
    var members: [JSONFragment.Member] = []
    /// The time-out.
    let timeout: Duration
    /// The time-out with progress; nil if progress does not extend the time-out.
    var progressLimit: Duration?

    /// Returns the request as one line.
    func line(id: Int) -> [UInt8] {
        var parameters: [JSONFragment.Member] = [.init("timeout_ms", .integer(timeout.wholeMilliseconds))]
        if let progressLimit { parameters.append(.init("max_timeout_ms", .integer(progressLimit.wholeMilliseconds))) }
        return Self.line([.init("id", .integer(Int64(id)))], method, parameters + members)
    }

    /// Returns a notification as one line.
    static func notification(_ method: Method, _ members: [JSONFragment.Member]) -> [UInt8] {
        line([], method, members)
    }

    private static func line(
        _ id: [JSONFragment.Member],
        _ method: Method,
        _ parameters: [JSONFragment.Member]
    ) -> [UInt8] {
        let message: [JSONFragment.Member] =
            [.init("jsonrpc", .string("2.0"))] + id
            + [.init("method", .string(method.rawValue)), .init("params", .object(parameters))]
        return JSONFragment.object(message).json + [UInt8(ascii: "\n")]
    }
}

extension Duration {
    fileprivate var wholeMilliseconds: Int64 { Int64((self / .milliseconds(1)).rounded(.down)) }
}
