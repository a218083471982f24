// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The sizes of an object's parts.
enum PartPlan {
    /// The most parts that an object may have.
    static let greatestCount = 10_000
    private static let unit: UInt64 = 1 << 20

    /// Returns the size of each part except the last one.
    ///
    /// - Parameters:
    ///   - byteEstimate: An upper estimate of the object's size; nil if unknown.
    ///   - partBytes: The configured size of a part.
    ///   - requestBytes: The largest size of a request.
    static func partBytes(byteEstimate: UInt64?, partBytes: Int, requestBytes: Int) -> UInt64 {
        let (part, request) = (UInt64(max(1, partBytes)), UInt64(max(1, requestBytes)))
        // In whole MiB: some stores require parts of equal size, and all of them accept such a size.
        let needed = ((byteEstimate ?? 0) / UInt64(greatestCount) / unit + 1) * unit
        let isEnough = part.multipliedReportingOverflow(by: UInt64(greatestCount))
        let suffices = isEnough.overflow || isEnough.partialValue >= byteEstimate ?? 0
        return min(suffices ? part : max(part, needed), request)
    }
}
