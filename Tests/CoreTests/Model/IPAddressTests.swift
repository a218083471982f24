// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCore
import TestServers
import Testing

@Suite("IP addresses")
struct IPAddressTests {
    /// The canonical text by inet_pton and inet_ntop; nil if the text is no address.
    private func judge(_ text: String, _ family: Int32) -> String? {
        var binary = [UInt8](repeating: 0, count: 16)
        guard !text.utf8.contains(0), inet_pton(family, text, &binary) == 1 else { return nil }
        var result = [CChar](repeating: 0, count: 64)
        guard inet_ntop(family, binary, &result, 64) != nil else { return nil }
        return String(decoding: result.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private func agrees(_ text: String) -> Bool {
        switch IPAddress(text) {
        case .v4(let canonical): judge(text, AF_INET) == canonical
        case .v6(let canonical): judge(text, AF_INET) == nil && judge(text, AF_INET6) == canonical
        case nil: judge(text, AF_INET) == nil && judge(text, AF_INET6) == nil
        }
    }

    @Test("thousands of texts give the same result as inet_pton", arguments: Seeds.first(4))
    func random(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var found = (addresses: 0, others: 0)
        for _ in 0..<2000 {
            let text = candidate(&random)
            if IPAddress(text) == nil { found.others += 1 } else { found.addresses += 1 }
            guard agrees(text) else {
                Issue.record("\(String(reflecting: text))")
                return
            }
        }
        #expect(found.addresses > 200 && found.others > 200, "\(found)")
    }

    @Test(
        "texts that are almost addresses",
        arguments: [
            "", ".", "...", "1", "1.2.3", "1.2.3.", ".1.2.3", "1..2.3", "1.2.3.4.", "1.2.3.4.5", "01.2.3.4", "0.0.0.0",
            "00.0.0.0", "256.1.1.1",
            "1.1.1.1000", "0x1.2.3.4", "1.2.3.4 ", " 1.2.3.4", "+1.2.3.4", "1.2.3.-4", "١.2.3.4", ":", "::", ":::",
            "::1", "1::", "1::1::1",
            "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "::ffff:1.2.3.4", "::1.2.3.256", "12345::", "g::",
            "[::1]", "::1%lo",
            "fe80::1%eth0", "::\u{0}", "1.2.3.4\u{0}", "::1\n", "1:2:3:4:5:6:1.2.3.4", "0:0:0:0:0:0:0:0", "ABCD:EF01::",
            "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "0000:0000:0000:0000:0000:ffff:255.255.255.255",
            String(repeating: "1", count: 1000), "99999999999999999999.1.1.1",
        ]
    )
    func table(text: String) { #expect(agrees(text)) }

    @Test(
        "unspecified addresses",
        arguments: [("0.0.0.0", true), ("0::0", true), ("::1", false), ("127.0.0.1", false)]
    )
    func unspecified(text: String, expected: Bool) { #expect(IPAddress(text)?.isUnspecified == expected) }

    private func candidate(_ random: inout SeededGenerator) -> String {
        var text: [Character]
        switch random.below(3) {
        case 0:
            text = Array((0..<4).map { _ in String(random.below(random.pick([10, 260, 256]))) }.joined(separator: "."))
        case 1: text = Array((0..<8).map { _ in String(random.below(65_536), radix: 16) }.joined(separator: ":"))
        default:
            let groups = (0..<random.below(7)).map { _ in String(random.below(65_536), radix: 16, uppercase: true) }
            let split = random.below(groups.count + 1)
            text = Array(groups[..<split].joined(separator: ":") + "::" + groups[split...].joined(separator: ":"))
        }
        if random.isLucky(oneIn: 2) {
            for _ in 0...random.below(2) where !text.isEmpty {
                let place = random.below(text.count)
                if random.isLucky(oneIn: 2) {
                    text[place] = random.pick(Array("0123456789abcfgG.:% \n-+\u{0}é"))
                } else {
                    text.remove(at: place)
                }
            }
        }
        return String(text)
    }
}
