// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Renders metrics as text.
package struct MetricsText: Sendable {
    /// The formats that Prometheus reads.
    package enum Format: Sendable, CaseIterable {
        /// OpenMetrics 1.0.
        case openMetrics
        /// The Prometheus text format 0.0.4, which node_exporter reads, too.
        case prometheus

        /// The value of `Content-Type`.
        package var contentType: String {
            switch self {
            case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
            case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
            }
        }
    }

    private let format: Format
    private var text = ""

    private init(_ format: Format) { self.format = format }

    /// Renders families in their order, without those that have no series.
    package static func render(_ families: [MetricFamily], as format: Format) -> String {
        var writer = MetricsText(format)
        for family in families where !family.samples.isEmpty { writer.write(family) }
        if format == .openMetrics { writer.text += "# EOF\n" }
        return writer.text
    }

    private mutating func write(_ family: MetricFamily) {
        let description = family.description
        let name: String
        let kind: MetricDescription.Kind
        switch format {
        case .openMetrics: (name, kind) = (description.familyName, description.kind)
        case .prometheus: (name, kind) = (description.name, description.kind == .info ? .gauge : description.kind)
        }
        text += "# HELP \(name) \(Self.escaped(description.help, quotes: format == .openMetrics))\n"
        text += "# TYPE \(name) \(kind.rawValue)\n"
        if format == .openMetrics, let unit = description.unit { text += "# UNIT \(name) \(unit)\n" }
        for sample in family.samples {
            switch sample.value {
            case .integer(let value): write(description.name, sample.labels, String(value))
            case .number(let value): write(description.name, sample.labels, Self.text(of: value))
            case .distribution(let value): write(description.name, sample.labels, value)
            }
        }
    }

    private mutating func write(_ name: String, _ labels: [MetricLabel], _ distribution: MetricDistribution) {
        var count: UInt64 = 0
        for (index, bucket) in distribution.counts.enumerated() {
            count &+= bucket
            let bound = index < distribution.bounds.count ? distribution.bounds[index] : .infinity
            write(name + "_bucket", labels + [MetricLabel("le", Self.text(of: bound))], String(count))
        }
        write(name + "_sum", labels, Self.text(of: distribution.sum))
        write(name + "_count", labels, String(count))
    }

    private mutating func write(_ name: String, _ labels: [MetricLabel], _ value: String) {
        text += name
        if !labels.isEmpty {
            let written = labels.map { "\($0.name)=\"\(Self.escaped($0.value, quotes: true))\"" }
            text += "{\(written.joined(separator: ","))}"
        }
        text += " \(value)\n"
    }

    private static func text(of value: Double) -> String {
        if value.isNaN { return "NaN" }
        guard value.isFinite else { return value < 0 ? "-Inf" : "+Inf" }
        return "\(value)"
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
