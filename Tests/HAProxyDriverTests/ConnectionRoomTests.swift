// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore
import Testing

@testable import HAProxyDriver

/// The number of connections that the descriptors allow.
@Suite
struct ConnectionRoomTests {
    private func room(_ asked: Int, nodes: Int = 0, limit: Int?) -> ConnectionRoom {
        DeviceFacts(hasIPv6: true, hasNameServer: true, descriptorLimit: limit).room(for: asked, nodes: nodes)
    }

    @Test
    func allThatIsAskedForWhereThereIsRoom() throws {
        for room in [room(50_000, limit: nil), room(1000, nodes: 10, limit: 2154), room(1, limit: 146)] {
            #expect(room.possible == room.asked && room.shortage == nil)
            try room.require()
        }
    }

    @Test
    func asManyAsThereIsRoomForAndAWordOfIt() throws {
        let short = room(1000, nodes: 10, limit: 2152)
        #expect(short.possible == 999)
        #expect(
            short.shortage == "only 999 of 1000 connections are possible with 2152 open files; raise LimitNOFILE= or "
                + "ulimit -n to 2154, or lower haproxy.max_connections"
        )
        try short.require()
        // One more node seldom changes the number.
        #expect(Set((0..<60).map { room(50_000, nodes: $0, limit: 8192).possible }).count <= 2)
    }

    @Test(arguments: [0, 1, 64, 256])
    func tooFewAreAnError(limit: Int) throws {
        let error = #expect(throws: DriverError.self) { try room(50_000, limit: limit).require() }
        #expect(error?.message.prefix(128).contains("raise LimitNOFILE= or ulimit -n to 100144") == true)
        #expect(room(50_000, limit: limit).possible < 100)
    }

    @Test
    func fewAreEnoughWhereFewAreAskedFor() throws {
        try room(20, limit: 184).require()
        #expect(throws: DriverError.self) { try room(20, limit: 183).require() }
    }

    @Test
    func thisDeviceHasALimit() throws {
        let configuration = try HAProxyConfiguration()
        #expect(DeviceFacts.ofThisDevice(for: configuration).descriptorLimit ?? 0 > 0)
        let systemd = try HAProxyConfiguration(["service": .string("systemd")])
        #expect(DeviceFacts.ofThisDevice(for: systemd).descriptorLimit ?? 0 >= 1 << 16)
    }
}
