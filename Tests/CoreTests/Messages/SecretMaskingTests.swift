// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import TestServers
import Testing

@testable import SteelyardCore

/// Replies have five asterisks instead of private keys and passphrases; all else is the request, byte for byte.
@Suite("Masked replies", .ownThread)
struct SecretMaskingTests {
    private func reply(_ request: String, passed: Bool) throws -> String {
        let document = try JSONDocument(Array(request.utf8))
        return String(decoding: Reply(to: document, passed: passed, fields: []).bytes, as: UTF8.self)
    }

    /// Each row is a request in which `‹` and `›` enclose what is masked.
    static let requests = [
        #"{"loadbalancers":[{"default_tls_container_data":{"private_key":‹"s3cret"›,"passphrase":‹"s3cret"›}}]}"#,
        #"{ "loadBalancers" : [ { "sni_container_data" : [ { "private_key" :  ‹"s3cret"› , "id" : "c" } , {} ] } ] }"#,
        #"{"loadbalancers":[{"private_key":‹"s3cret"›}],"loadBalancers":[{"passphrase":‹"s3cret"›}]}"#,
        #"{"loadbalancers":[{"private_key":‹"s3cret"›}],"a":1,"loadbalancers":[{"private_key":‹"s3cret"›}]}"#,
        #"{"load\u0062alancers":[{"priv\u0061te_key":‹"s3cret"›,"\u0070assphrase":‹"s3cret"›}]}"#,
        #"{"loadbalancers":[{"private_key":‹"s3\u0063ret\n\"\\"›,"private_key":‹"s3cret"›,"x":"\u0041"}]}"#,
        #"{"loadbalancers":[{"private_key":‹["s3cret",{"private_key":"s3cret"}]›,"a":[1,2]}]}"#,
        #"{"loadbalancers":[{"private_key":‹{"a":{"b":["s3cret"]}}›,"passphrase":‹123456›,"b":‹›true}]}"#,
        #"{"loadbalancers":[{"private_key":‹true›},{"private_key":‹-1.5e7›},{"passphrase":‹""›},{"passphrase":‹[]›}]}"#,
        #"{"loadbalancers":[[[[{"deep":[{"private_key":‹"s3cret"›}]}]]]]}"#,
        #"{"loadbalancers":{"private_key":‹"s3cret"›}}"#,
        // A key in a field for something else.
        #"{"loadbalancers":[{"certificate":‹"-----BEGIN EC PRIVATE KEY-----\ns3cret\n"›,"intermediates":["a",‹"x BEGIN PRIVATE KEY----- s3cret"›]}]}"#,
        // No secret: no value, another name, another place, or only a value of that name.
        #"{"loadbalancers":[{"private_key":null,"passphrase": null}]}"#,
        #"{"loadbalancers":[{"Private_key":"x","private_key ":"x","private_keys":"x","xpassphrase":"x"}]}"#,
        #"{"loadbalancers":["private_key","passphrase",{"name":"private_key"}]}"#,
        #"{"private_key":"x","passphrase":"x","nodes":[{"private_key":"x"}],"LoadBalancers":[{"private_key":"x"}]}"#,
        #"{"loadbalancers":"private_key"}"#, #"{"loadbalancers":[]}"#, "{}",
        #"{"n":18446744073709551616,"loadbalancers":[{"x":1.10,"private_key":‹"s3cret"›,"y":1.10E+0,"é":"😀"}],"z":0}"#,
    ]

    @Test("hide private keys and passphrases only", arguments: requests, [true, false])
    func masks(row: String, passed: Bool) throws {
        let request = row.replacing("‹›", with: "").filter { $0 != "‹" && $0 != "›" }
        var expected = ""
        var rest = row.replacing("‹›", with: "")[...]
        while let start = rest.firstIndex(of: "‹"), let end = rest[start...].firstIndex(of: "›") {
            expected += rest[..<start] + #""*****""#
            rest = rest[rest.index(after: end)...]
        }
        expected += rest
        // White space before the end is removed.
        let body = String(expected.dropLast().reversed().drop(while: \.isWhitespace).reversed())
        let separator = body == "{" ? "" : ","
        #expect(
            try reply(request, passed: passed)
                == "\(body)\(separator)\"hpcs_response\":\"\(passed ? "PASS" : "FAIL")\"}"
        )
        if row.contains("‹") { #expect(!(try reply(request, passed: passed)).contains("s3cret")) }
    }

    @Test("do so in an agent, in PASS and FAIL, and in its log")
    func inAnAgent() async throws {
        let agent = TestAgent()
        let members = #""private_key":"s3cret-key","passphrase":"s3cret-phrase""#
        let messages = [
            (#"{"hpcs_action":"UPDATE","loadbalancers":[{"protocol":"HTTP","nodes":[],\#(members)}]}"#, true),
            (#"{"hpcs_action":"UPDATE","loadBalancers":[{"protocol":"HTTP","nodes":7,\#(members)}]}"#, false),
            (#"{"hpcs_action":"STATS","loadbalancers":[{\#(members)}]}"#, true),
            (#"{"hpcs_action":"NONSENSE","loadbalancers":[{\#(members)}]}"#, false),
            (
                #"{"hpcs_action":"UPDATE","loadbalancers":[{"protocol":"TERMINATED_HTTPS","nodes":[],"#
                    + #""default_tls_container_data":{"certificate":"x",\#(members)}}]}"#, false
            ),
        ]
        for (message, passes) in messages {
            let answer = try await agent.send(message)
            #expect(answer.passed == passes, "\(message)")
            let masked = message.replacing("s3cret-key", with: "*****").replacing("s3cret-phrase", with: "*****")
            let fields: Set<String> = [
                "hpcs_response", "hpcs_error", "hpcs_error_code", "hpcs_error_field", "nodes", "status",
            ]
            #expect(try answer.json.without(fields) == PlainJSON(masked).without(fields))
            #expect(answer.error?.contains("s3cret") != true)
        }
        #expect(!agent.log.lines.isEmpty && !agent.log.lines.contains { $0.contains("s3cret") })
    }

    @Test("of a million characters are masked at once")
    func large() throws {
        let key = String(repeating: "s3cret", count: 170_000)
        let containers = Array(repeating: #"{"private_key":"\#(key)"}"#, count: 3).joined(separator: ",")
        let answer = try reply(#"{"loadbalancers":[{"sni_container_data":[\#(containers)]}]}"#, passed: true)
        #expect(answer.utf8.count < 200)
    }
}
