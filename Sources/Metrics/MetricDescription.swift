// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The name, kind and help text of a metric.
package struct MetricDescription: Hashable, Sendable {
    /// The kinds of metrics.
    package enum Kind: String, Sendable {
        /// It only grows.
        case counter
        /// It rises and falls.
        case gauge
        /// It counts observations in buckets.
        case histogram
        /// Its labels contain the information; the value is 1.
        case info
    }

    /// The name of the samples with the unit; `_total` is the end of a counter's name, `_info` of an info's.
    package let name: String
    /// The kind.
    package let kind: Kind
    /// The names of the labels, in their order in the text.
    package let labels: [String]
    /// The help text, one sentence.
    package let help: String

    /// Creates a description.
    package init(_ name: String, _ kind: Kind, labels: [String] = [], _ help: String) {
        self.name = name
        self.kind = kind
        self.labels = labels
        self.help = help
    }

    /// The name of the metric family in OpenMetrics, without `_total` and `_info`.
    var familyName: String {
        switch kind {
        case .counter where name.hasSuffix("_total"): String(name.dropLast("_total".count))
        case .info where name.hasSuffix("_info"): String(name.dropLast("_info".count))
        case .counter, .gauge, .histogram, .info: name
        }
    }

    /// The unit at the end of the name; nil if there is none.
    var unit: String? { ["seconds", "bytes"].first { familyName.hasSuffix("_" + $0) } }
}
