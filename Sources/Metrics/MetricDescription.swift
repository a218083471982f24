// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// What a metric is, the same for all of its series.
package struct MetricDescription: Hashable, Sendable {
    /// How the values of a metric behave.
    package enum Kind: String, Sendable {
        /// It grows only, until the process ends.
        case counter
        /// It goes up and down.
        case gauge
        /// It counts observations by their size.
        case histogram
        /// Its labels are the information; the value is 1.
        case info
    }

    /// The name of its samples, with its unit: `_total` at the end of a counter, `_info` at the end of an info.
    package let name: String
    /// How its values behave.
    package let kind: Kind
    /// The names of its labels, in the order in which they are written.
    package let labels: [String]
    /// What it measures, in one sentence.
    package let help: String

    /// Creates a description.
    package init(_ name: String, _ kind: Kind, labels: [String] = [], _ help: String) {
        self.name = name
        self.kind = kind
        self.labels = labels
        self.help = help
    }

    /// The name of the metric family as OpenMetrics has it: without `_total` and `_info`.
    var familyName: String {
        switch kind {
        case .counter where name.hasSuffix("_total"): String(name.dropLast("_total".count))
        case .info where name.hasSuffix("_info"): String(name.dropLast("_info".count))
        case .counter, .gauge, .histogram, .info: name
        }
    }

    /// The unit that the name ends with, if it is one of those that OpenMetrics knows.
    var unit: String? { ["seconds", "bytes"].first { familyName.hasSuffix("_" + $0) } }
}
