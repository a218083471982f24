// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The messages of a run's clients.
struct DeviceMessages: Sendable {
    /// One message.
    struct Message: Sendable {
        let action: String
        let payload: [UInt8]
        /// A member that the reply must contain; nil for a message that is no JSON object.
        let tag: String?
    }

    /// The prefix of the node id that shows which UPDATE is served.
    static let markerPrefix = "v"

    /// The port of the HTTP load balancer.
    let httpPort: Int
    /// The port of the TCP load balancer.
    let tcpPort: Int
    /// The ports of the backends.
    let backEnds: [Int]

    /// An UPDATE whose number shows in STATS; every fifth one needs a reload of HAProxy.
    ///
    /// - Parameter version: Its number, from 1.
    func update(_ version: Int, tag: String) -> Message {
        let connectRetries = 1 + version / 5 % 100
        let marker =
            #"{"id":"\#(Self.markerPrefix)\#(version)","address":"127.0.0.1","port":\#(1 + version % 1000),"#
            + #""condition":"DISABLED"}"#
        return message(
            "UPDATE",
            tag,
            #"""
            ,"loadbalancers":[{"id":"web","protocol":"HTTP","port":\#(httpPort),"nodes":[\#(nodes(version)),\#(marker)],
            "options":{"connect_retries":\#(connectRetries)}},
            {"id":"raw","protocol":"TCP","port":\#(tcpPort),"nodes":[\#(nodes(version))]}]
            """#
        )
    }

    /// The names of the backends that serve after an UPDATE.
    func servingBackEnds(_ version: Int) -> Set<Int> {
        switch version % 3 {
        case 0: [0]
        case 1: [1]
        default: [0, 1]
        }
    }

    func plain(_ action: String, tag: String) -> Message { message(action, tag, "") }

    func archive(endpoint: String, token: String, container: String, tag: String) -> Message {
        message(
            "ARCHIVE",
            tag,
            #"""
            ,"hpcs_object_store_type":"swift","hpcs_object_store_token":"\#(token)",
            "hpcs_object_store_basepath":"\#(container)","hpcs_object_store_endpoint":"\#(endpoint)",
            "loadbalancers":[{"id":"web","protocol":"HTTP"}]
            """#
        )
    }

    /// A payload that is no JSON object.
    func malformed(_ number: Int) -> Message {
        let texts = ["", "[]", "{", #"{"hpcs_action":"STATS""#, "null", "\u{0}\u{1}", #"{"hpcs_action":"STATS"}}"#]
        return Message(action: "malformed", payload: Array(texts[number % texts.count].utf8), tag: nil)
    }

    private func nodes(_ version: Int) -> String {
        let serving = servingBackEnds(version)
        return backEnds.enumerated().map { index, port in
            let condition = serving.contains(index) ? "ENABLED" : "DISABLED"
            return #"{"id":"n\#(index)","address":"127.0.0.1","port":\#(port),"weight":\#(1 + version % 7),"#
                + #""condition":"\#(condition)"}"#
        }
        .joined(separator: ",")
    }

    private func message(_ action: String, _ tag: String, _ more: String) -> Message {
        let text = #"{"hpcs_action":"\#(action)","tag":"\#(tag)"\#(more)}"#
        return Message(action: action, payload: Array(text.utf8), tag: tag)
    }
}
