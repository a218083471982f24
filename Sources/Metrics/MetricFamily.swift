// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The values of all series of one metric.
package struct MetricFamily: Hashable, Sendable {
    /// One series.
    package struct Sample: Hashable, Sendable {
        /// The labels, in the order of the description.
        package let labels: [MetricLabel]
        /// The value.
        package let value: MetricValue

        /// Creates a sample.
        package init(_ labels: [MetricLabel] = [], _ value: MetricValue) {
            self.labels = labels
            self.value = value
        }
    }

    /// The metric.
    package let description: MetricDescription
    /// The series, each with different labels.
    package var samples: [Sample]

    /// Creates a family.
    package init(_ description: MetricDescription, _ samples: [Sample]) {
        self.description = description
        self.samples = samples
    }

    /// Creates a family with one series without labels.
    package init(_ description: MetricDescription, _ value: MetricValue) {
        self.init(description, [Sample([], value)])
    }
}

/// A label of a series.
package struct MetricLabel: Hashable, Sendable {
    /// Its name.
    package let name: String
    /// Its value, any text.
    package let value: String

    /// Creates a label.
    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// The value of a series.
package enum MetricValue: Hashable, Sendable {
    /// A whole number.
    case integer(Int64)
    /// A floating-point number.
    case number(Double)
    /// A histogram.
    case distribution(MetricDistribution)

    /// A count.
    package static func count(_ number: Int) -> MetricValue { .integer(Int64(number)) }
    /// 1 for true, 0 for false.
    package static func flag(_ truth: Bool) -> MetricValue { .integer(truth ? 1 : 0) }
}

/// Observations, counted in buckets.
package struct MetricDistribution: Hashable, Sendable {
    /// The upper bounds of the buckets in ascending order.
    ///
    /// A bucket counts observations up to its bound and above the previous one.
    package let bounds: [Double]
    /// The number of observations in each bucket; the last element counts those above the last bound.
    package private(set) var counts: [UInt64]
    /// The sum of all observations.
    package private(set) var sum = 0.0

    /// Creates a distribution without observations.
    package init(bounds: [Double]) {
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    /// Counts an observation.
    package mutating func observe(_ value: Double) {
        guard !value.isNaN else { return }
        let index = bounds.firstIndex { value <= $0 } ?? bounds.count
        counts[index] &+= 1
        sum += value
    }
}
