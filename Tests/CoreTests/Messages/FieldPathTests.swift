// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SteelyardCore

@Suite("Field paths")
struct FieldPathTests {
    @Test("a path is spelled as in the message")
    func descriptions() {
        let list = FieldPath.root[.deployedLoadBalancers]
        #expect(FieldPath.root.description == "")
        #expect(FieldPath.root[.action].description == "hpcs_action")
        #expect(list.description == "loadBalancers")
        #expect(list[0].description == "loadBalancers[0]")
        #expect(list[1][.monitor][.path].description == "loadBalancers[1].monitor.path")
        #expect(list[0][.nodes][9999][.port].description == "loadBalancers[0].nodes[9999].port")
        #expect(FieldPath.root[.documentedLoadBalancers][0][.protocol].description == "loadbalancers[0].protocol")
    }

    @Test("paths are equal if their steps are equal")
    func equality() {
        let paths: [FieldPath] = [
            .root, .root[.action], .root[.documentedLoadBalancers], .root[.documentedLoadBalancers][0],
            .root[.documentedLoadBalancers][1], .root[.documentedLoadBalancers][0][.nodes],
            .root[.documentedLoadBalancers][0][.nodes][0], .root[.documentedLoadBalancers][0][.nodes][0][.port],
        ]
        #expect(Set(paths).count == paths.count)
        #expect(Set(paths.map(\.description)).count == paths.count)
        #expect(FieldPath.root[.action] == FieldPath.root[.action])
    }

    @Test("every field has a unique name")
    func names() {
        var names: Set<String> = []
        var number: UInt8 = 0
        while let name = FieldName(rawValue: number) {
            names.insert(FieldPath.root[name].description)
            number += 1
        }
        #expect(names.count == Int(number))
        #expect(names.isSuperset(of: ["hpcs_action", "loadbalancers", "loadBalancers", "connect_retries", "id"]))
    }
}
