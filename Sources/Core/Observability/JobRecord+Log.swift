// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import Logging

extension JobRecord {
    /// The maximum number of ids logged: an ARCHIVE may have 100.
    private static let loggedIdentifiers = 10
    /// A longer id may be a token in the wrong field.
    private static let longestIdentifier = 40

    /// Logs the message's one line.
    package func log(to logger: Logger) {
        var metadata: Logger.Metadata = [
            LogKeys.jobHandle: "\(handle)",
            LogKeys.response: failure == nil ? "PASS" : "FAIL",
            LogKeys.duration: "\(milliseconds)",
        ]
        if let action { metadata[LogKeys.action] = "\(action.rawValue)" }
        if let server { metadata[LogKeys.gearmanServer] = "\(server)" }
        if !loadBalancers.isEmpty { metadata[LogKeys.loadBalancer] = "\(identifiers)" }
        if let plan { metadata[LogKeys.plan] = "\(plan.description)" }
        if isDryRun { metadata[LogKeys.dryRun] = "true" }
        guard let failure else { return logger.info("message completed", metadata: metadata) }
        metadata[LogKeys.errorCode] = "\(failure.code.rawValue)"
        metadata[LogKeys.error] = "\(failure.message)"
        if let field = failure.field { metadata[LogKeys.errorField] = "\(field)" }
        logger.warning(failure.isRejection ? "message rejected" : "message failed", metadata: metadata)
    }

    /// The duration in milliseconds, with three decimals.
    package var milliseconds: String {
        let microseconds = duration / .microseconds(1)
        let whole = Int64(microseconds)
        let decimals = String(whole % 1000)
        return "\(whole / 1000).\(String(repeating: "0", count: 3 - decimals.count))\(decimals)"
    }

    /// The first ten ids, as they may be logged and kept.
    package var shownIdentifiers: [String] {
        loadBalancers.prefix(Self.loggedIdentifiers).map { id in
            let text = id.description
            return text.utf8.count <= Self.longestIdentifier ? text : "(\(text.utf8.count) bytes)"
        }
    }

    private var identifiers: String {
        let shown = shownIdentifiers
        let more = loadBalancers.count - shown.count
        return shown.joined(separator: ",") + (more > 0 ? " and \(more) more" : "")
    }
}
