// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArchivingTestSupport
import Foundation
import Testing

@testable import LogArchiving
@testable import SteelyardCore

@Suite("The archive state of a load balancer, as a file")
struct ArchiveRecordTests {
    private static func record() throws -> ArchiveRecord {
        var record = ArchiveRecord()
        record.mark = LogMark("1 c:65025:131:1000:64:0123456789abcdef:fedcba9876543210")
        for upTo in [nil, LogMark("1")] {
            _ = record.announce(
                to: try StorageEndpoint("https://store.example.com/v1/a"),
                upTo: upTo,
                now: UTCTimestamp(microseconds: 1_795_400_000_000_000)
            ) { ObjectPath(container: "c", name: "p/15/haproxy-\($0.compact).log.gz") }
        }
        return record
    }

    @Test("another program may rewrite it with different white space and order")
    func rewritten() throws {
        for record in [try Self.record(), ArchiveRecord()] {
            let object = try JSONSerialization.jsonObject(with: Data(record.bytes))
            for options in [[], [.prettyPrinted], [.sortedKeys]] as [JSONSerialization.WritingOptions] {
                let bytes = try JSONSerialization.data(withJSONObject: object, options: options)
                #expect(ArchiveRecord(Array(bytes)) == record)
            }
        }
    }

    @Test("a file of an earlier agent is read, and rewritten with its announcements")
    func earlier() throws {
        let text = """
            {"format":"1","time":"1795400000000000","mark":"1 c:65025:131:1000:64:0123456789abcdef:fedcba9876543210",\
            "intentEndpoint":"https:\\/\\/store.example.com\\/v1\\/a","intentContainer":"c",\
            "intentName":"p\\/15\\/haproxy-20261123-040515.log.gz","intentUpTo":"1"}
            """
        let read = try #require(ArchiveRecord(Array(text.utf8)))
        for record in [read, try #require(ArchiveRecord(read.bytes))] {
            #expect(record.mark == (try Self.record()).mark)
            #expect(record.time == UTCTimestamp(microseconds: 1_795_400_000_000_000))
            let announcement = try #require(record.announcements.first)
            #expect(record.announcements.count == 1 && !announcement.isIdentifiable)
            #expect(announcement.endpoint == "https://store.example.com/v1/a" && announcement.upTo == LogMark("1"))
            #expect(announcement.path == ObjectPath(container: "c", name: "p/15/haproxy-20261123-040515.log.gz"))
        }
    }

    @Test("announced objects have different names, and only the last one has the range")
    func announcements() throws {
        let record = try Self.record()
        #expect(Set(record.announcements.map(\.path)).count == 2)
        #expect(record.announcements.map(\.upTo) == [nil, LogMark("1")])
        #expect(Set(record.announcements.map(\.upload)).count == 2)
    }
}
