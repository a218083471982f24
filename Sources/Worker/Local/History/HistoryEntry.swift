// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// A change of the device, or an ARCHIVE, that was made or refused: a line of the history.
struct HistoryEntry: Hashable, Codable, Sendable {
    /// Longer texts are cut, so that a line stays short.
    private static let longestText = 400

    /// When the agent took the message.
    let time: StatusTime
    let handle: String
    /// The job server; nil for a message that came another way.
    let server: String?
    let action: String
    /// PASS or FAIL.
    let result: String
    /// The reply's `hpcs_error_code`.
    let errorCode: String?
    /// The reply's `hpcs_error`.
    let error: String?
    /// The kind of the driver's plan, one word.
    let plan: String?
    let planDescription: String?
    /// From taking the message to its reply.
    let microseconds: Int64
    let loadBalancers: [String]
    /// Whether the change was only previewed.
    let isDryRun: Bool
    /// How many objects an ARCHIVE has stored, and their bytes.
    let objectCount: Int?
    let objectBytes: UInt64?
    /// What the device has done since, as far as it is known.
    var phase: DevicePhase?
    /// Since when.
    var phaseSince: StatusTime?

    enum CodingKeys: String, CodingKey {
        case time, handle, server, action, result, error, plan, phase
        case errorCode = "error_code"
        case planDescription = "plan_description"
        case microseconds = "duration_us"
        case loadBalancers = "load_balancers"
        case isDryRun = "dry_run"
        case objectCount = "objects"
        case objectBytes = "bytes"
        case phaseSince = "phase_since"
    }

    init(
        time: StatusTime,
        handle: String,
        server: String?,
        action: String,
        result: String,
        errorCode: String?,
        error: String?,
        plan: String?,
        planDescription: String?,
        microseconds: Int64,
        loadBalancers: [String],
        isDryRun: Bool,
        objectCount: Int?,
        objectBytes: UInt64?,
        phase: DevicePhase?,
        phaseSince: StatusTime?
    ) {
        self.time = time
        self.handle = handle
        self.server = server
        self.action = action
        self.result = result
        self.errorCode = errorCode
        self.error = error
        self.plan = plan
        self.planDescription = planDescription
        self.microseconds = microseconds
        self.loadBalancers = loadBalancers
        self.isDryRun = isDryRun
        self.objectCount = objectCount
        self.objectBytes = objectBytes
        self.phase = phase
        self.phaseSince = phaseSince
    }

    /// - Returns: nil for a message that is not kept in the history.
    init?(_ record: JobRecord) {
        guard let action = record.action, action.isKept else { return nil }
        time = StatusTime(record.begin)
        handle = Self.cut(record.handle)
        server = record.server
        self.action = action.rawValue
        result = record.failure == nil ? "PASS" : "FAIL"
        errorCode = record.failure?.code.rawValue
        error = (record.failure?.message).map(Self.cut)
        plan = record.plan?.kind
        planDescription = (record.plan?.description).map(Self.cut)
        microseconds = Int64(record.duration / .microseconds(1))
        loadBalancers = record.shownIdentifiers
        isDryRun = record.isDryRun
        let isArchive = action == .archive
        objectCount = isArchive ? record.archived.count : nil
        objectBytes = isArchive ? record.archived.reduce(0) { $0 &+ $1.byteCount } : nil
    }

    /// Whether it is an ARCHIVE, which changes nothing.
    var isArchive: Bool { action == ActionKind.archive.rawValue }
    /// Whether the device has changed.
    var hasChangedDevice: Bool { result == "PASS" && !isDryRun && !isArchive }

    /// When its reply was ready.
    var end: StatusTime { StatusTime(UTCTimestamp(microseconds: time.timestamp.microseconds &+ microseconds)) }

    private static func cut(_ text: String) -> String {
        text.unicodeScalars.count <= longestText
            ? text : String(String.UnicodeScalarView(text.unicodeScalars.prefix(longestText))) + "…"
    }
}

extension ActionKind {
    fileprivate var isKept: Bool {
        switch self {
        case .update, .suspend, .enable, .delete, .archive: true
        case .stats, .metrics, .discover, .diagnostics: false
        }
    }
}
