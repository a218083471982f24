// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

@testable import SteelyardWorker

extension FuzzTarget {
    /// Requests of a client to `metrics.bind`.
    static let metricsRequests = FuzzTarget(name: "metrics-requests") { bytes in
        let input = ControlledInput(bytes)
        var whole = HTTPRequestReader()
        let expected = whole.take(input.content)
        var reader = HTTPRequestReader()
        var reading = HTTPRequestReader.Reading.incomplete
        for piece in input.pieces where reading == .incomplete { reading = reader.take(piece) }
        try FuzzFailure.requireEqual(reading, expected, "the split of the request changes nothing")
        switch expected {
        case .incomplete:
            try FuzzFailure.require(input.content.count <= HTTPRequestReader.limit, "a head has a limit")
        case .complete(let request):
            try FuzzFailure.require(request.path.hasPrefix("/"), "a path is absolute")
            try FuzzFailure.require(!request.path.contains("?"), "a path has no query")
        case .invalid(let status):
            try FuzzFailure.require(
                status == .badRequest || status == .headTooLarge,
                "the status is the client's fault"
            )
        }
    }
}
