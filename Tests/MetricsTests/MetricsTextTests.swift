// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardMetrics
import Testing

/// The two text forms, byte for byte.
@Suite struct MetricsTextTests {
    private let families: [MetricFamily] = {
        var distribution = MetricDistribution(bounds: [0.005, 1])
        for value in [0.001, 0.5, 0.75, 90] { distribution.observe(value) }
        return [
            MetricFamily(
                MetricDescription("agent_build_info", .info, labels: ["version"], "Its \"version\"."),
                [.init([MetricLabel("version", "1.0 \"a\\b\"\nc")], .integer(1))]
            ),
            MetricFamily(MetricDescription("sent_bytes_total", .counter, "Sent\\received\nbytes."), .integer(12)),
            MetricFamily(MetricDescription("level", .gauge, "A level."), .number(-.infinity)),
            MetricFamily(
                MetricDescription("wait_seconds", .histogram, labels: ["action"], "A wait."),
                [.init([MetricLabel("action", "a")], .distribution(distribution))]
            ),
            MetricFamily(MetricDescription("absent", .gauge, "Has no series."), []),
        ]
    }()

    @Test func prometheus() {
        let text = #"""
            # HELP agent_build_info Its "version".
            # TYPE agent_build_info gauge
            agent_build_info{version="1.0 \"a\\b\"\nc"} 1
            # HELP sent_bytes_total Sent\\received\nbytes.
            # TYPE sent_bytes_total counter
            sent_bytes_total 12
            # HELP level A level.
            # TYPE level gauge
            level -Inf
            # HELP wait_seconds A wait.
            # TYPE wait_seconds histogram
            wait_seconds_bucket{action="a",le="0.005"} 1
            wait_seconds_bucket{action="a",le="1.0"} 3
            wait_seconds_bucket{action="a",le="+Inf"} 4
            wait_seconds_sum{action="a"} 91.251
            wait_seconds_count{action="a"} 4

            """#
        #expect(MetricsText.render(families, as: .prometheus) == text)
    }

    @Test func openMetrics() {
        let text = #"""
            # HELP agent_build Its \"version\".
            # TYPE agent_build info
            agent_build_info{version="1.0 \"a\\b\"\nc"} 1
            # HELP sent_bytes Sent\\received\nbytes.
            # TYPE sent_bytes counter
            # UNIT sent_bytes bytes
            sent_bytes_total 12
            # HELP level A level.
            # TYPE level gauge
            level -Inf
            # HELP wait_seconds A wait.
            # TYPE wait_seconds histogram
            # UNIT wait_seconds seconds
            wait_seconds_bucket{action="a",le="0.005"} 1
            wait_seconds_bucket{action="a",le="1.0"} 3
            wait_seconds_bucket{action="a",le="+Inf"} 4
            wait_seconds_sum{action="a"} 91.251
            wait_seconds_count{action="a"} 4
            # EOF

            """#
        #expect(MetricsText.render(families, as: .openMetrics) == text)
    }
}
