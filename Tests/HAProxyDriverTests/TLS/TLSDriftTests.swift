// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import SteelyardCore
import TestServers
import Testing

@testable import HAProxyDriver

/// Certificates that another program changes, in HAProxy or on the disk.
@Suite(Requirement.haproxy.trait, Requirement.openssl.trait)
struct TLSDriftTests {
    /// What another program does to HAProxy.
    enum Hand: CaseIterable { case replacedDefault, replacedHost, deletedHost, unlistedHost }

    @Test(arguments: Hand.allCases)
    func aHandIsNoticedAndUndone(_ hand: Hand) async throws {
        try await withTLSDevice { device, fixture in
            let standard = try await fixture.container("standard")
            let host = try await fixture.container("host")
            let other = try await fixture.container("other", for: ["standard.example.com", "host.example.com"])
            let recorder = LogRecorder()
            let driver = try HAProxyDriver(
                configuration: device.configuration,
                logger: Logger(label: "test") { _ in recorder }
            )
            func drifts() -> [String] { recorder.lines.filter { $0.contains("another program changed") } }
            let tls = try ListenerTLS(certificate: standard, hostCertificates: [host])
            let set = try LoadBalancerSet([device.https([], tls)])
            try await driver.apply(set)
            await driver.lookForDrift()
            #expect(drifts().isEmpty)

            let list = device.file("tls/http-in.list")
            let file = device.file(hand == .replacedDefault ? "tls/http-in.default.pem" : "tls/http-in.host.host.pem")
            switch hand {
            case .replacedDefault, .replacedHost:
                let pem = try #require(other.content?.pem.secret)
                try await device.command("set ssl cert \(file) <<\n\(pem)\n")
                #expect(try await device.command("commit ssl cert \(file)").contains("Success!"))
            case .deletedHost, .unlistedHost:
                #expect(try await device.command("del ssl crt-list \(list) \(file)").contains("deleted"))
                if hand == .deletedHost {
                    #expect(try await device.command("del ssl cert \(file)").contains("deleted"))
                }
            }
            let name = hand == .replacedDefault ? nil : "host.example.com"
            let shown = hand == .deletedHost || hand == .unlistedHost ? standard : other
            #expect(try await fixture.client(device).connect(to: name).certificate == shown.shown)
            for _ in 0..<2 { await driver.lookForDrift() }
            #expect(drifts().count == 1, "\(drifts())")

            try await driver.apply(set)
            await driver.lookForDrift()
            #expect(drifts().count == 1)
            #expect(try await fixture.client(device).connect(to: nil).certificate == standard.shown)
            #expect(try await fixture.client(device).connect(to: "host.example.com").certificate == host.shown)
            #expect(recorder.lines.allSatisfy { !$0.contains("PRIVATE") })
        }
    }

    /// What is removed from the folder for keys.
    enum Loss: CaseIterable { case slot, content, list, authorities, allButContents }

    @Test(arguments: Loss.allCases)
    func removedFilesAreRestored(_ loss: Loss) async throws {
        try await withTLSDevice { device, fixture in
            let standard = try await fixture.container("standard")
            let clients = try await TestCertificates(in: fixture.folder, name: "clients")
            let authorities = try TLSFixture.authorities(clients)
            let tls = try ListenerTLS(
                certificate: standard,
                clientAuthentication: .optional(ClientAuthentication.Trust(authorities: authorities, revocations: nil))
            )
            let set = try LoadBalancerSet([device.https([], tls)])
            try await device.driver.apply(set)
            let files = device.keyFiles()
            let lost = files.keys.filter { name in
                let isContent = name.utf8.count == 68 && !name.hasSuffix(".trust.pem")
                return switch loss {
                case .slot: name.hasSuffix(".default.pem")
                case .content: isContent
                case .list: name.hasSuffix(".list")
                case .authorities: name.hasSuffix(".trust.pem")
                case .allButContents: !isContent
                }
            }
            #expect(!lost.isEmpty)
            for name in lost { try FileManager.default.removeItem(atPath: device.file("tls/\(name)")) }
            await device.driver.lookForDrift()
            // Only a message has the authorities.
            if loss == .authorities || loss == .allButContents { try await device.driver.apply(set) }
            #expect(device.keyFiles() == files, "\(device.keyFiles().keys.sorted()), not \(files.keys.sorted())")
            // A reload finds everything.
            let options = try ConnectionOptions(connectRetries: 7)
            let changed = try device.https([], tls, options: options)
            try await device.driver.apply(LoadBalancerSet([changed]))
            #expect(try await fixture.client(device).connect(to: nil).certificate == standard.shown)
        }
    }
}
