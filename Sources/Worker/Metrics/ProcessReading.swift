// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardMetrics
import SteelyardSystem
import SystemPackage

/// The `process_` metrics, which all Prometheus clients have.
enum ProcessReading {
    /// The metrics, without those that cannot be read.
    static var families: [MetricFamily] {
        statistics + [descriptors].compactMap(\.self)
            + [MetricFamily(AgentMetric.processGreatestDescriptors, .count(DescriptorLimit.current))]
    }

    /// The metrics in `/proc/self/stat`: the fields after the program's name, which may contain spaces and parentheses.
    private static var statistics: [MetricFamily] {
        guard let bytes = try? AtomicFile.readStream("/proc/self/stat"),
            let end = bytes.lastIndex(of: UInt8(ascii: ")"))
        else { return [] }
        // The first is field 3 of proc(5).
        let fields = bytes[(end + 1)...].split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
        func field(_ number: Int) -> Double { fields.count > number - 3 ? Double(fields[number - 3]) ?? 0 : 0 }
        let tick = Double(sysconf(Int32(_SC_CLK_TCK)))
        let boot = Double(DeviceClock.current.offset) / 1e6
        return [
            MetricFamily(AgentMetric.processCPU, .number((field(14) + field(15)) / tick)),
            MetricFamily(AgentMetric.processResident, .number(field(24) * Double(sysconf(Int32(_SC_PAGESIZE))))),
            MetricFamily(AgentMetric.processStart, .number(boot + field(22) / tick)),
            MetricFamily(AgentMetric.processVirtual, .number(field(23))),
        ]
    }

    private static var descriptors: MetricFamily? {
        guard let names = try? AtomicFile.names(in: "/proc/self/fd") else { return nil }
        // One of them is the descriptor of the folder itself.
        return MetricFamily(AgentMetric.processDescriptors, .count(max(0, names.count - 1)))
    }
}
