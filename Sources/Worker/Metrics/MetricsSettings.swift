// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// `metrics`: how the agent exports its metrics.
struct MetricsSettings: Hashable, Sendable {
    /// `metrics.bind`: the address of the HTTP server; nil for none.
    var bind: HTTPAddress?
    /// `metrics.textfile`: the file for node_exporter, an absolute path; nil for none.
    var textfile: String?

    /// Reads the settings.
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
            guard path.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
                throw InvalidValue("must not contain control characters")
            }
            guard path.hasSuffix(".prom") else {
                throw InvalidValue("must end in .prom, because node_exporter reads no other file")
            }
        }
    }
}
