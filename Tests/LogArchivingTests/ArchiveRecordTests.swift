// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import LogArchiving
@testable import SteelyardCore

@Suite("The archive state of a load balancer, as a file")
struct ArchiveRecordTests {
    private static var record: ArchiveRecord {
        var record = ArchiveRecord()
        record.mark = LogMark("1 c:65025:131:1000:64:0123456789abcdef:fedcba9876543210")
        record.time = UTCTimestamp(microseconds: 1_795_400_000_000_000)
        record.intent = .init(
            endpoint: "https://store.example.com/v1/a",
            path: ObjectPath(container: "c", name: "p/15/haproxy-20261123-040515.log.gz"),
            upTo: LogMark("1")
        )
        return record
    }

    @Test("another program may rewrite it, with other white space and in another order")
    func rewritten() throws {
        for record in [Self.record, ArchiveRecord()] {
            let object = try JSONSerialization.jsonObject(with: Data(record.bytes))
            for options in [[], [.prettyPrinted], [.sortedKeys]] as [JSONSerialization.WritingOptions] {
                let bytes = try JSONSerialization.data(withJSONObject: object, options: options)
                #expect(ArchiveRecord(Array(bytes)) == record)
            }
        }
    }

    @Test("a file of an earlier agent is read")
    func earlier() {
        let text = """
            {"format":"1","time":"1795400000000000","mark":"1 c:65025:131:1000:64:0123456789abcdef:fedcba9876543210",\
            "intentEndpoint":"https:\\/\\/store.example.com\\/v1\\/a","intentContainer":"c",\
            "intentName":"p\\/15\\/haproxy-20261123-040515.log.gz","intentUpTo":"1"}
            """
        #expect(ArchiveRecord(Array(text.utf8)) == Self.record)
    }
}
