// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import SteelyardMetrics
import Testing

/// The registry as a factory of swift-metrics.
@Suite struct MetricsRegistryTests {
    private let registry = MetricsRegistry()

    @Test func countsByLabels() {
        Counter(label: "jobs", dimensions: [("action", "STATS")], factory: registry).increment()
        Counter(label: "jobs", dimensions: [("action", "STATS")], factory: registry).increment(by: 2)
        Counter(label: "jobs", dimensions: [("action", "UPDATE")], factory: registry).increment()
        #expect(
            registry.families == [
                MetricFamily(
                    MetricDescription("jobs_total", .counter, labels: ["action"], "jobs"),
                    [
                        .init([MetricLabel("action", "STATS")], .integer(3)),
                        .init([MetricLabel("action", "UPDATE")], .integer(1)),
                    ]
                )
            ]
        )
    }

    /// Prometheus interprets a falling counter as a restart.
    @Test func countersNeverFall() {
        let counter = Counter(label: "a", factory: registry)
        counter.increment(by: 5)
        counter.increment(by: -3)
        counter.increment(by: Int64.max)
        let fractional = FloatingPointCounter(label: "b", factory: registry)
        fractional.increment(by: 1.5)
        fractional.increment(by: -1)
        fractional.increment(by: Double.nan)
        #expect(registry.families.map(\.samples.first?.value) == [.integer(.max), .number(1.5)])
    }

    @Test func gaugesKeepTheLastValue() {
        let meter = Meter(label: "meter", factory: registry)
        meter.set(5)
        meter.increment(by: 2)
        meter.decrement()
        Gauge(label: "gauge", factory: registry).record(7)
        #expect(registry.families.map(\.samples.first?.value) == [.number(7), .number(6)])
        #expect(registry.families.map(\.description.kind) == [.gauge, .gauge])
    }

    @Test func timersAreHistogramsInSeconds() throws {
        let timer = CoreMetrics.Timer(label: "wait", factory: registry)
        timer.recordNanoseconds(2_000_000)
        timer.recordSeconds(20)
        timer.recordSeconds(7200)
        let family = try #require(registry.families.first)
        #expect(family.description.name == "wait_seconds")
        var expected = MetricDistribution(bounds: MetricsRegistry.durationBounds)
        for value in [0.002, 20, 7200] { expected.observe(value) }
        #expect(family.samples == [.init([], .distribution(expected))])
        #expect(expected.counts == [0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1])
    }

    @Test func recordersThatAggregateAreHistograms() {
        let recorder = Recorder(label: "size", factory: registry)
        recorder.record(3)
        recorder.record(Double.nan)
        var expected = MetricDistribution(bounds: [1, 10, 100, 1000, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9])
        expected.observe(3)
        #expect(registry.families.map(\.samples) == [[.init([], .distribution(expected))]])
    }

    @Test(
        arguments: [
            ("my.driver/things", "my_driver_things_total"), ("2xx", "_2xx_total"), ("done_total", "done_total"),
            ("", "__total"), ("größe\n", "gr__e__total"),
        ]
    )
    func makesNamesThatPrometheusAccepts(_ label: String, _ name: String) {
        Counter(label: label, factory: registry).increment()
        #expect(registry.families.map(\.description.name) == [name])
    }

    @Test func makesLabelsThatPrometheusAccepts() {
        let dimensions = [("le", "1"), ("__name__", "2"), ("a-b", "3"), ("a.b", "4"), ("", "5")]
        Counter(label: "a", dimensions: dimensions, factory: registry).increment()
        let labels = registry.families.first?.samples.first?.labels.map { "\($0.name)=\($0.value)" }
        #expect(labels == ["label_le=1", "label___name__=2", "a_b=3", "_=5"])
    }

    /// A label with many values must not use much memory.
    @Test func keepsALimitedNumberOfSeries() {
        let registry = MetricsRegistry(greatestSeriesCount: 3)
        for number in 0..<10 {
            Counter(label: "a", dimensions: [("id", "\(number)")], factory: registry).increment()
        }
        #expect(registry.families.map(\.samples.count) == [3])
        #expect(registry.droppedCount == 7)
        // Existing series continue to count.
        Counter(label: "a", dimensions: [("id", "0")], factory: registry).increment()
        #expect(registry.families.first?.samples.first?.value == .integer(2))
    }

    @Test func refusesNamesThatAreInUse() {
        let registry = MetricsRegistry(reserved: ["process_open_fds"])
        Meter(label: "process_open_fds", factory: registry).set(1)
        Counter(label: "a_total", factory: registry).increment()
        Meter(label: "a_total", factory: registry).set(7)
        Counter(label: "a", dimensions: [("x", "1")], factory: registry).increment()
        #expect(registry.families.map(\.description.name) == ["a_total"])
        #expect(registry.families.first?.samples.map(\.value) == [.integer(1), .integer(1)])
        #expect(registry.droppedCount == 2)
    }

    @Test func forgetsWhatIsDestroyed() {
        let registry = MetricsRegistry(greatestSeriesCount: 1)
        let counter = Counter(label: "a", factory: registry)
        counter.destroy()
        #expect(registry.families.flatMap(\.samples).isEmpty)
        Counter(label: "b", factory: registry).increment()
        #expect(registry.families.filter { !$0.samples.isEmpty }.map(\.description.name) == ["b_total"])
    }

    /// Many threads can use a counter at the same time.
    @Test func countsEverything() async {
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask { [registry] in
                    for _ in 0..<1000 { Counter(label: "a", factory: registry).increment() }
                }
            }
        }
        #expect(registry.families.first?.samples.first?.value == .integer(8000))
    }
}
