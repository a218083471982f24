// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import TestServers
import Testing

/// A failure of the network or the store, and the expected result.
struct S3FaultCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Whether it occurs after more bytes than a list of parts has.
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
        S3FaultCase("reset at the first byte, twice") { $0 < 2 ? .reset(after: 0) : nil },
        S3FaultCase("reset in mid-content, once", isInMidContent: true) { $0 == 0 ? .reset(after: 100_000) : nil },
        S3FaultCase("reset in mid-content, always", isInMidContent: true, .unavailable) { _ in .reset(after: 100_000) },
        S3FaultCase("a stall before the content, once") { $0 == 0 ? .stall(after: 0) : nil },
        S3FaultCase("a stall in mid-content, once", isInMidContent: true) { $0 == 0 ? .stall(after: 100_000) : nil },
        S3FaultCase("403 without a code", .forbidden) { _ in .answer("403 Forbidden") },
        S3FaultCase("401 in mid-content", isInMidContent: true, .unauthorized) { _ in
            .answer("401 Unauthorized", after: 100_000)
        },
        S3FaultCase("503 five times, then 200") { $0 < 5 ? .answer("503 Slow Down") : nil },
        S3FaultCase("503 in mid-content, twice", isInMidContent: true) {
            $0 < 2 ? .answer("503 Slow Down", after: 100_000) : nil
        },
        S3FaultCase("503 always", .unavailable) { _ in .answer("503 Service Unavailable") },
        S3FaultCase("a lost response, once") { $0 == 0 ? .loseAnswer : nil },
        S3FaultCase("a truncated response, once") { $0 == 0 ? .cutAnswer : nil },
        S3FaultCase("content that is corrupted in transit, once", isInMidContent: true) {
            $0 == 0 ? .damage(after: 100_000) : nil
        },
    ]
}
