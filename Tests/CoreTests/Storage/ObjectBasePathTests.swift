// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArchivingTestSupport
import SteelyardCore
import Testing

@Suite("Base paths")
struct ObjectBasePathTests {
    @Test(
        "a container, or a container and a prefix",
        arguments: [
            ("lbaaslogs", "lbaaslogs", ""), ("/lbaaslogs", "lbaaslogs", ""), ("lbaaslogs/", "lbaaslogs", ""),
            ("c/p", "c", "p"), ("//c//p/q//", "c", "p/q"), ("c/.p", "c", ".p"), ("a b/é", "a b", "é"),
            ("#$\"\\", "#$\"\\", ""),
            // A slash and a combining accent are one Character in Swift, and two characters for the store.
            ("c/\u{301}p", "c", "\u{301}p"), ("c\u{301}/p", "c\u{301}", "p"), ("/\u{20E3}", "\u{20E3}", ""),
            (String(repeating: "c", count: 256), String(repeating: "c", count: 256), ""),
        ]
    )
    func parts(text: String, container: String, prefix: String) throws {
        let path = try ObjectBasePath(text)
        #expect(Array(path.container.utf8) == Array(container.utf8))
        #expect(Array(path.prefix.utf8) == Array(prefix.utf8))
        #expect(path.description == (prefix.isEmpty ? container : "\(container)/\(prefix)"))
        #expect(try ObjectBasePath(path.description) == path, "its text is read back")
    }

    @Test(
        "rejected paths",
        arguments: [
            "", "/", "///", ".", "..", "./", "c/..", "../c", "c/../d", "c/./d", "c/..\u{301}", "c/.\u{301}./../d",
            "a..b", "c\n", "\u{0}",
            "c\u{7F}", "c\u{9F}", "c\r\nX-Evil: 1", String(repeating: "c", count: 257),
            String(repeating: "€", count: 86),
        ]
    )
    func refused(text: String) { #expect(throws: InvalidValue.self) { try ObjectBasePath(text) } }

    @Test(
        "an object's name",
        arguments: [("c", "15/haproxy-20131020-152756.log.gz"), ("c/p/q", "p/q/15/haproxy-20131020-152756.log.gz")]
    )
    func objectPath(basePath: String, name: String) throws {
        let time = UTCTimestamp(microseconds: 1_382_282_876_999_999)
        let path = ObjectPath(basePath: try ObjectBasePath(basePath), loadBalancer: try Identifier("15"), time: time)
        #expect(path.container == "c" && path.name == name && path.description == "c/\(name)")
    }
}
