// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Decides whether a message may have a given reply.
enum ReplyJudge {
    enum Verdict {
        case passed([String: Any])
        case failed(String, [String: Any])
        /// A reply that the agent must not send.
        case wrong(String)
    }

    /// - Parameter isDamaged: Whether the message may have been damaged on its way to the agent, so that it was
    ///   invalid.
    static func judge(_ message: DeviceMessages.Message, reply bytes: [UInt8], isDamaged: Bool) -> Verdict {
        guard let object = parse(bytes) else { return .wrong("no JSON object: \(text(bytes))") }
        let response = object["hpcs_response"] as? String
        let error = object["hpcs_error"] as? String
        switch response {
        case "PASS" where error == nil: break
        case "FAIL" where error?.isEmpty == false: break
        default: return .wrong("neither PASS nor FAIL with an hpcs_error: \(text(bytes))")
        }
        guard let tag = message.tag else {
            return response == "FAIL" ? .failed(error ?? "", object) : .wrong("PASS for \(text(message.payload))")
        }
        if object["tag"] == nil, isDamaged, let error { return .failed(error, object) }
        guard object["tag"] as? String == tag else { return .wrong("the reply to another message: \(text(bytes))") }
        if let difference = missing(of: parse(message.payload) ?? [:], in: object) { return .wrong(difference) }
        if let error { return .failed(error, object) }
        if let flaw = flaw(in: object, of: message.action) { return .wrong("\(flaw): \(text(bytes))") }
        return .passed(object)
    }

    /// The state in the reply to a STATS; nil if it contains none.
    static func served(_ reply: [String: Any]) -> (version: Int?, isSuspended: Bool)? {
        if reply["status"] as? String == "SUSPENDED" { return (nil, true) }
        let ids = (reply["nodes"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? String }
        let markers = ids.filter { $0.hasPrefix(DeviceMessages.markerPrefix) }
        guard markers.count == 1, let version = Int(markers[0].dropFirst()) else { return nil }
        return (version, false)
    }

    private static func flaw(in reply: [String: Any], of action: String) -> String? {
        switch action {
        case "STATS": return served(reply) == nil ? "STATS lacks the nodes of an UPDATE" : nil
        case "METRICS":
            let entries = reply["loadBalancers"] as? [[String: Any]] ?? []
            let areRight = entries.allSatisfy { $0["protocol"] is String && $0["bytes_out"] is Int }
            return areRight && reply["utc_start"] is String && reply["utc_end"] is String
                ? nil : "METRICS lacks a field"
        case "DISCOVER": return reply["version"] is String ? nil : "DISCOVER lacks the version"
        case "DIAGNOSTICS":
            return reply["network"] is String && reply["gearman"] is [Any] ? nil : "DIAGNOSTICS lacks a field"
        case "ARCHIVE": return reply["hpcs_archives"] is [[String: Any]] ? nil : "ARCHIVE lacks hpcs_archives"
        default: return nil
        }
    }

    private static func missing(of request: [String: Any], in reply: [String: Any]) -> String? {
        for (name, value) in request {
            guard let other = reply[name] as? NSObject, other == value as? NSObject else {
                return "the reply lacks the request's \(name)"
            }
        }
        return nil
    }

    private static func parse(_ bytes: [UInt8]) -> [String: Any]? {
        try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any]
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes.prefix(400), as: UTF8.self) }
}
