// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Converts any text to names that Prometheus accepts.
enum MetricName {
    /// The name of a metric; the suffix is appended unless it is present.
    static func metric(_ text: String, suffix: String) -> String {
        let name = allowed(text)
        return name.hasSuffix(suffix) ? name : name + suffix
    }

    /// The labels in their order; of several with one name, the first.
    static func labels(_ dimensions: [(String, String)]) -> [MetricLabel] {
        var labels: [MetricLabel] = []
        for (name, value) in dimensions {
            var name = allowed(name)
            // Prometheus reserves these names.
            if name.hasPrefix("__") || name == "le" || name == "quantile" { name = "label_" + name }
            if !labels.contains(where: { $0.name == name }) { labels.append(MetricLabel(name, value)) }
        }
        return labels
    }

    private static func allowed(_ text: String) -> String {
        let letters = text.unicodeScalars.map { scalar in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "_": Character(scalar)
            default: Character("_")
            }
        }
        guard let first = letters.first else { return "_" }
        return (first.isNumber ? "_" : "") + String(letters)
    }
}
