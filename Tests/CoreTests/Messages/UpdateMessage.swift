// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

@testable import SteelyardCore

/// Makes UPDATE messages for tests, in both spellings of the list.
struct UpdateMessage {
    static let spellings = ["loadbalancers", "loadBalancers"]

    static func text(_ loadBalancers: String, spelling: String = "loadbalancers") -> String {
        #"{"hpcs_action":"UPDATE","\#(spelling)":[\#(loadBalancers)]}"#
    }

    /// Decodes a message that must be valid.
    static func decode(_ loadBalancers: String, spelling: String = "loadbalancers") throws -> [LoadBalancer] {
        let document = try JSONDocument(Array(text(loadBalancers, spelling: spelling).utf8))
        guard case .update(let wanted) = try Message(document).action else { return [] }
        return wanted.loadBalancers
    }

    /// An HTTP load balancer with one node that has these members in addition to an address and a port.
    static func node(_ members: String) -> String {
        #"{"protocol":"HTTP","nodes":[{"address":"10.0.0.1","port":80\#(members.isEmpty ? "" : ",")\#(members)}]}"#
    }

    /// An HTTP load balancer without nodes that has these members.
    static func loadBalancer(_ members: String) -> String { #"{"protocol":"HTTP","nodes":[],\#(members)}"# }
}
