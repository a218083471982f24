// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// How large the parts of an object are.
enum PartPlan {
    /// The most parts that an object may have.
    static let greatestCount = 10_000
    private static let unit: UInt64 = 1 << 20

    /// The bytes of each part but the last one.
    ///
    /// - Parameters:
    ///   - byteEstimate: About how many bytes the object has at most; nil if that is unknown.
    ///   - partBytes: The bytes of a part as configured.
    ///   - requestBytes: The most bytes of one request.
    static func partBytes(byteEstimate: UInt64?, partBytes: Int, requestBytes: Int) -> UInt64 {
        let (part, request) = (UInt64(max(1, partBytes)), UInt64(max(1, requestBytes)))
        // In whole mebibytes: some stores want parts of the same size, and all of them take such a size.
        let needed = ((byteEstimate ?? 0) / UInt64(greatestCount) / unit + 1) * unit
        let isEnough = part.multipliedReportingOverflow(by: UInt64(greatestCount))
        let suffices = isEnough.overflow || isEnough.partialValue >= byteEstimate ?? 0
        return min(suffices ? part : max(part, needed), request)
    }
}
