// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SteelyardWorker

@Suite("The progress bar")
struct ProgressBarTests {
    @Test("percentage, rate and time left, as far as each is known")
    func text() {
        func text(_ done: UInt64, _ total: UInt64, _ seconds: Double, isInBytes: Bool = true) -> String {
            ProgressBar.text(done, of: total, isInBytes: isInBytes, after: .seconds(seconds))
        }
        #expect(text(0, 100, 0) == "[" + String(repeating: ".", count: 40) + "] 0 %")
        #expect(text(50, 100, 0.5) == "[\(String(repeating: "#", count: 20))\(String(repeating: ".", count: 20))] 50 %")
        #expect(text(500_000_000, 1_000_000_000, 2).hasSuffix("] 50 %  250 MB/s  3 s left"))
        #expect(text(500_000_000, 1_000_000_000, 2, isInBytes: false).hasSuffix("] 50 %  3 s left"))
        #expect(text(10_000, 1_000_000, 10).hasSuffix("] 1 %  1 kB/s"))
        #expect(text(100, 100, 10).hasSuffix("] 100 %  0 kB/s"))
        #expect(text(300, 100, 0).hasSuffix("#] 100 %"))
    }

    @Test("the text is shorter than the line, so it never wraps", arguments: [1, 4, 10, 20, 39, 40, 60, 200])
    func narrow(columns: Int) {
        for (done, seconds) in [(0, 0.1), (500_000_000, 2.0), (999_999_999, 5000), (1_000_000_000, 1)] {
            let text = ProgressBar.text(
                UInt64(done),
                of: 1_000_000_000,
                isInBytes: true,
                after: .seconds(seconds),
                columns: columns
            )
            #expect(text.count < columns || columns < 6, "\(text)")
            #expect(text.contains("%") && text.filter { "#.".contains($0) }.count <= 40)
        }
    }
}
