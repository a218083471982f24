// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The line of an entry in the file: the JSON that `Codable` makes, without Foundation's coders, which would take megabytes
/// of an agent's memory.
extension HistoryEntry {
    /// The line, with its end.
    var line: [UInt8] {
        var members: [JSONFragment.Member] = [
            .init("time", .string(time.timestamp.description)), .init("handle", .string(handle)),
            .init("action", .string(action)), .init("result", .string(result)),
            .init("duration_us", .integer(microseconds)),
            .init("load_balancers", .array(loadBalancers.map(JSONFragment.string))),
            .init("dry_run", .boolean(isDryRun)),
        ]
        let texts = [
            ("server", server), ("error_code", errorCode), ("error", error), ("plan", plan),
            ("plan_description", planDescription), ("phase", phase?.rawValue),
            ("phase_since", phaseSince?.timestamp.description),
        ]
        members += texts.compactMap { name, text in text.map { .init(name, .string($0)) } }
        if let objectCount { members.append(.init("objects", .integer(Int64(objectCount)))) }
        if let objectBytes { members.append(.init("bytes", .integer(Int64(clamping: objectBytes)))) }
        return JSONFragment.object(members).json + [UInt8(ascii: "\n")]
    }

    /// Reads a line.
    ///
    /// - Returns: nil if it is not one.
    init?(line: [UInt8]) {
        guard let root = try? JSONDocument(line).root,
            let time = root.member("time")?.string.flatMap({ StatusTime($0) }),
            let handle = root.member("handle")?.string, let action = root.member("action")?.string,
            let result = root.member("result")?.string,
            let microseconds = root.member("duration_us")?.wholeNumber,
            let isDryRun = root.member("dry_run")?.boolean,
            let identifiers = root.member("load_balancers")?.list
        else { return nil }
        let loadBalancers = identifiers.compactMap(\.string)
        guard loadBalancers.count == identifiers.count else { return nil }
        self.init(
            time: time,
            handle: handle,
            server: root.member("server")?.string,
            action: action,
            result: result,
            errorCode: root.member("error_code")?.string,
            error: root.member("error")?.string,
            plan: root.member("plan")?.string,
            planDescription: root.member("plan_description")?.string,
            microseconds: Int64(microseconds),
            loadBalancers: loadBalancers,
            isDryRun: isDryRun,
            objectCount: root.member("objects")?.wholeNumber,
            objectBytes: root.member("bytes")?.wholeNumber.flatMap { UInt64(exactly: $0) },
            phase: root.member("phase")?.string.flatMap { DevicePhase(rawValue: $0) },
            phaseSince: root.member("phase_since")?.string.flatMap { StatusTime($0) }
        )
    }
}
