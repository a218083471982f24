// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import TestServers
import Testing

/// A failure of the network or the store, and the expected result.
struct FaultCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Whether it occurs after more bytes than a manifest has.
    let isInMidContent: Bool
    /// The upload's error; nil if it succeeds anyway.
    let code: ObjectStoreError.Code?
    /// Returns the fault for a request of the tested kind; the argument is the number of earlier ones.
    let fault: @Sendable (Int) -> FaultProxy.Fault?

    private init(
        _ description: String,
        isInMidContent: Bool = false,
        _ code: ObjectStoreError.Code? = nil,
        _ fault: @escaping @Sendable (Int) -> FaultProxy.Fault?
    ) {
        testDescription = description
        self.isInMidContent = isInMidContent
        self.code = code
        self.fault = fault
    }

    static let all = [
        FaultCase("reset at the first byte, twice") { $0 < 2 ? .reset(after: 0) : nil },
        FaultCase("reset after the header, once") { $0 == 0 ? .reset(after: 650) : nil },
        FaultCase("reset in mid-content, once", isInMidContent: true) { $0 == 0 ? .reset(after: 150_000) : nil },
        FaultCase("reset in mid-content, always", isInMidContent: true, .unavailable) { _ in .reset(after: 100_000) },
        FaultCase("a stall before the content, once") { $0 == 0 ? .stall(after: 0) : nil },
        FaultCase("a stall in mid-content, once", isInMidContent: true) { $0 == 0 ? .stall(after: 100_000) : nil },
        FaultCase("401 before the content", .unauthorized) { _ in .answer("401 Unauthorized") },
        FaultCase("401 in mid-content", isInMidContent: true, .unauthorized) { _ in
            .answer("401 Unauthorized", after: 100_000)
        },
        FaultCase("503 five times, then 201") { $0 < 5 ? .answer("503 Service Unavailable") : nil },
        FaultCase("503 in mid-content, twice", isInMidContent: true) {
            $0 < 2 ? .answer("503 Service Unavailable", after: 100_000) : nil
        },
        FaultCase("503 always", .unavailable) { _ in .answer("503 Service Unavailable") },
        FaultCase("a lost response, once") { $0 == 0 ? .loseAnswer : nil },
        FaultCase("responses that are always lost") { _ in .loseAnswer },
        FaultCase("a truncated response, once") { $0 == 0 ? .cutAnswer : nil },
        FaultCase("a wrong checksum in the response", .checksumMismatch) { _ in .changeETag },
    ]
}
