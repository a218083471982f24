// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import NoOpDriver
import SteelyardCore
import SteelyardTestSupport
import Synchronization

/// A driver that breaks one rule of the contract and obeys the others.
final class FaultyDriver: LoadBalancerDriver {
    enum Fault: CaseIterable {
        case suspendsNothing, reversesNodes, appliesOnce, addsToWhatIsThere, wantsNodes, ignoresConditions,
            confusesOwners, suspendsOnce
        case servesWhenApplied, deletesOnce, staysSuspended, forgetsProtocols, startsSpansAfresh, sumsIDs,
            previewsForReal,
            loses
        case opensServedLogs, opensDeletedLogs, deletesOpenLogs, commitsBackwards, mixesParts, ignoresMarks
        case keepsGreatestVersion, keepsVersionOverNone, skipsNewVersions, losesVersionSuspended, keepsDeletedVersion
        case previewsVersions, keepsFailedVersion

        /// The check that must fail.
        var check: String {
            switch self {
            case .suspendsNothing: "a device that was never configured reports notConfigured"
            case .reversesNodes: "apply serves, with the nodes in the message's order"
            case .appliesOnce: "the same apply may be repeated"
            case .addsToWhatIsThere: "apply replaces the previous configuration"
            case .wantsNodes: "a load balancer may have no nodes"
            case .ignoresConditions: "the status reports the nodes' conditions"
            case .confusesOwners: "the status of a node names its load balancer"
            case .suspendsOnce: "suspend and enable may be repeated"
            case .servesWhenApplied: "apply on a suspended device replaces the configuration and leaves it suspended"
            case .deletesOnce: "delete removes everything, may be repeated, and a later apply starts from scratch"
            case .staysSuspended: "a suspended device can be deleted and does not stay suspended"
            case .forgetsProtocols, .startsSpansAfresh:
                "usage has an entry for each protocol, and its span starts at the end of the last committed report"
            case .sumsIDs:
                "with the feature many_load_balancers, each of two of one protocol has its id in the status and the usage"
            case .previewsForReal: "a preview changes nothing"
            case .opensServedLogs, .opensDeletedLogs:
                "a log needs no configuration, and cannot be opened after a delete"
            case .deletesOpenLogs: "an opened log stays readable after a delete"
            case .commitsBackwards: "committing an older report changes nothing"
            case .mixesParts: "the parts of a log have the same lines together as separately"
            case .ignoresMarks: "the end mark of a log separates existing lines from later ones"
            case .keepsGreatestVersion, .keepsVersionOverNone:
                "the version is the one of the last apply, whether higher, lower or absent"
            case .skipsNewVersions: "an apply that differs only in its version stores the new version"
            case .losesVersionSuspended:
                "the version survives suspend and enable, and an apply while suspended replaces it"
            case .keepsDeletedVersion: "delete removes the version"
            case .previewsVersions: "a preview does not store the version"
            case .keepsFailedVersion: "a failed apply does not change the version"
            case .loses: "a log can be opened and read to its end, more than once"
            }
        }
    }

    private struct Memory {
        var applied: [LoadBalancerSet] = []
        var wasSuspended = false
        var wasDeleted = false
        var committed: UTCTimestamp?
        var previewed: ConfigurationVersion?
    }

    let features = [DriverFeature.manyLoadBalancers]
    private let fault: Fault
    private let device = NoOpDriver()
    private let memory = Mutex(Memory())

    init(_ fault: Fault) { self.fault = fault }

    func apply(_ wanted: LoadBalancerSet) async throws(DriverError) {
        let before = memory.withLock { memory in
            memory.applied.append(wanted)
            return memory
        }
        if fault == .appliesOnce, before.applied.dropLast().contains(wanted) { throw DriverError(.rejected, "again?") }
        if fault == .wantsNodes, wanted.loadBalancers.contains(where: \.nodes.isEmpty) {
            throw DriverError(.rejected, "no nodes")
        }
        if fault == .skipsNewVersions, before.applied.dropLast().last?.loadBalancers == wanted.loadBalancers { return }
        if fault == .keepsFailedVersion,
            wanted.loadBalancers[0].port.number == LoadBalancerDriverContract.Device.example.nodePort
        {
            throw DriverError(.addressInUse, "is taken")
        }
        if fault == .addsToWhatIsThere, before.applied.count > 1 { return }
        try await device.apply(wanted)
        if fault == .servesWhenApplied { try await device.enable() }
        if fault == .staysSuspended, before.wasSuspended { try await device.suspend() }
    }

    func suspend() async throws(DriverError) {
        if fault == .suspendsNothing, try await device.status() == .notConfigured { return }
        if fault == .suspendsOnce, try await device.status() == .suspended { throw DriverError(.rejected, "again?") }
        memory.withLock { $0.wasSuspended = true }
        try await device.suspend()
    }

    func enable() async throws(DriverError) { try await device.enable() }

    func delete() async throws(DriverError) {
        let isRepeated = memory.withLock { memory in
            defer { memory.wasDeleted = true }
            return memory.wasDeleted
        }
        if fault == .deletesOnce, isRepeated { throw DriverError(.deleted, "again?") }
        try await device.delete()
    }

    func preview(_ change: DeviceChange) async throws(DriverError) -> String {
        let difference = try await device.preview(change)
        if case .apply(let wanted) = change { memory.withLock { $0.previewed = wanted.version } }
        if fault == .previewsForReal, case .apply(let wanted) = change { try await device.apply(wanted) }
        return difference
    }

    func status() async throws(DriverError) -> DeviceStatus {
        guard case .serving(let nodes) = try await device.status() else { return try await device.status() }
        switch fault {
        case .reversesNodes: return .serving(nodes.reversed())
        case .ignoresConditions:
            return .serving(
                nodes.map { node in
                    NodeStatus(
                        id: node.id,
                        state: .up,
                        listenerProtocol: node.listenerProtocol,
                        loadBalancer: node.loadBalancer
                    )
                }
            )
        case .confusesOwners:
            return .serving(nodes.map { NodeStatus(id: $0.id, state: $0.state, listenerProtocol: .http) })
        default: return .serving(nodes)
        }
    }

    func configurationVersion() async throws(DriverError) -> ConfigurationVersion? {
        let version = try await device.configurationVersion()
        let memory = memory.withLock { $0 }
        let versions = memory.applied.map(\.version)
        switch fault {
        case .keepsGreatestVersion: return version.flatMap { _ in versions.compactMap(\.self).max() }
        case .keepsVersionOverNone: return version ?? versions.compactMap(\.self).last
        case .losesVersionSuspended: return try await device.status() == .suspended ? nil : version
        case .keepsDeletedVersion: return try await device.status() == .deleted ? versions.last ?? nil : version
        case .previewsVersions: return memory.previewed ?? version
        case .keepsFailedVersion: return versions.last ?? nil
        default: return version
        }
    }

    func usage() async throws(DriverError) -> UsageReport {
        let report = try await device.usage()
        var entries = fault == .forgetsProtocols ? Array(report.entries.prefix(1)) : report.entries
        if fault == .sumsIDs { entries = report.summedEntries.filter { $0.key.id == nil } }
        var start = fault == .startsSpansAfresh ? report.end : report.start
        if fault == .commitsBackwards, let committed = memory.withLock({ $0.committed }) { start = committed }
        return UsageReport(start: start, end: report.end, entries: entries, mark: report.mark)
    }

    func commit(_ report: UsageReport) async throws(DriverError) {
        memory.withLock { $0.committed = report.end }
        try await device.commit(report)
    }

    func openLog() async throws(DriverError) -> any OpenedLog {
        switch fault {
        case .loses: return LogThatIsReadOnce()
        case .opensServedLogs:
            _ = try await device.usage()
            return try await device.openLog()
        case .opensDeletedLogs: return LogOfOneLine(mixesParts: false)
        case .mixesParts: return LogOfOneLine(mixesParts: true)
        case .ignoresMarks: return LogOfOneLine(mixesParts: false)
        case .deletesOpenLogs:
            return LogThatIsDeleted { [self] in memory.withLock { $0.wasDeleted } }
        default: return try await device.openLog()
        }
    }
}

/// A log that cannot be read once the device is deleted.
private struct LogThatIsDeleted: OpenedLog {
    let byteCount: UInt64 = 0
    let isDeleted: @Sendable () -> Bool

    func makeReader(of parts: [LogPart]) throws(DriverError) -> any LogReader {
        guard !isDeleted() else { throw DriverError(.logUnavailable, "it was deleted") }
        return LogThatIsReadOnce()
    }
}

/// A log whose lines can be read only once.
private final class LogThatIsReadOnce: OpenedLog, LogReader {
    let byteCount: UInt64 = 2
    private let isRead = Mutex(false)

    func makeReader(of parts: [LogPart]) throws(DriverError) -> any LogReader { self }

    var examinedLineCount: UInt64 { 0 }

    func next(into blocks: inout [LogBlock]) throws(DriverError) -> UInt64? {
        let isRead = isRead.withLock { isRead in
            defer { isRead = true }
            return isRead
        }
        guard !isRead else { return nil }
        blocks[0].bytes += Array("a\n".utf8)
        blocks[0].lineCount += 1
        return 2
    }
}

/// A log of a single line, contained in every part, or only in the first of the parts that are read together.
private struct LogOfOneLine: OpenedLog {
    let mixesParts: Bool
    let byteCount: UInt64 = 2
    let end: LogMark? = LogMark("end")

    func makeReader(of parts: [LogPart]) throws(DriverError) -> any LogReader { Reader(mixesParts) }

    private final class Reader: LogReader {
        private let mixesParts: Bool
        private let isRead = Mutex(false)

        init(_ mixesParts: Bool) { self.mixesParts = mixesParts }

        var examinedLineCount: UInt64 { 0 }

        func next(into blocks: inout [LogBlock]) throws(DriverError) -> UInt64? {
            let isRead = isRead.withLock { isRead in
                defer { isRead = true }
                return isRead
            }
            guard !isRead else { return nil }
            for index in blocks.indices where index == 0 || !mixesParts {
                blocks[index].bytes += Array("a\n".utf8)
                blocks[index].lineCount += 1
            }
            return 2
        }
    }
}
