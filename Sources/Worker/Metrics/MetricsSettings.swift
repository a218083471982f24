// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// `metrics`: where the agent's metrics can be read.
struct MetricsSettings: Hashable, Sendable {
    /// `metrics.bind`: where they are served over HTTP; nil for nowhere.
    var bind: HTTPAddress?
    /// `metrics.textfile`: the file for node_exporter; nil for none.
    var textfile: String?

    /// Settings with which no metric can be read.
    init() {}

    init(_ settings: inout SettingReader) throws(SettingError) {
        bind = try settings.value(
            "bind",
            default: nil,
            syntax: "HOST:PORT",
            "Address of /metrics for Prometheus and of /healthz.",
            isOptional: true,
            show: { $0.map { .string($0.description) } ?? .null },
            parse: { value throws(InvalidValue) in try HTTPAddress(try value.string()) }
        )
        textfile = try settings.optionalPath(
            "textfile",
            "File with the metrics for node_exporter's textfile collector, written every 15 s."
        ) { path throws(InvalidValue) in
            guard path.hasSuffix(".prom") else {
                throw InvalidValue("must end in .prom, because node_exporter reads no other file")
            }
        }
    }
}
