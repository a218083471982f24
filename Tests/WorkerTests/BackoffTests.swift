// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SteelyardWorker

@Suite struct BackoffTests {
    @Test func doublesUpToItsLimitWithJitter() {
        var backoff = Backoff(first: .milliseconds(20), limit: .seconds(5))
        var nominal = Duration.milliseconds(20)
        for _ in 0..<100 {
            let pause = backoff.pause()
            #expect((nominal / 2...nominal).contains(pause))
            nominal = min(nominal * 2, .seconds(5))
        }
        #expect(nominal == .seconds(5))
        backoff.reset()
        #expect((.milliseconds(10)...(.milliseconds(20))).contains(backoff.pause()))
    }

    @Test func isNotTheSameForAll() {
        let pauses = (0..<50).map { _ in
            var backoff = Backoff()
            return backoff.pause()
        }
        #expect(Set(pauses).count > 40)
    }
}
