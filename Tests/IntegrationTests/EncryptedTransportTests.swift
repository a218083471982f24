// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers
import Testing

/// The agent and `send` over TLS, through a stunnel with the shipped configuration, to a gearmand.
@Suite(Requirement.gearmand.trait, Requirement.stunnel.trait) struct EncryptedTransportTests {
    /// A fault of the server or the client, and the text that the agent's error contains.
    enum Fault: String, CaseIterable, Sendable {
        case wrongAuthority, wrongName, expiredCertificate, noClientCertificate, plainServer

        var words: String {
            switch self {
            case .wrongAuthority: "certificate"
            case .wrongName: "mismatch"
            case .expiredCertificate: "expired"
            case .noClientCertificate: "certificate"
            case .plainServer: "TLS"
            }
        }
    }

    private struct Setting {
        let authority: TestCertificates
        let client: TestCertificates.Identity
        var variables: [String: String]

        init(in folder: URL) async throws {
            authority = try await TestCertificates(in: folder)
            client = try await authority.issue("device-1", usage: .client)
            variables = [
                "STEELYARD_GEARMAN_TLS_CA": authority.ca,
                "STEELYARD_GEARMAN_TLS_CERTIFICATE": client.certificate,
                "STEELYARD_GEARMAN_TLS_KEY": client.key,
            ]
        }
    }

    private static func send(
        _ action: String,
        to server: String,
        _ variables: [String: String]
    ) async throws -> SteelyardProgram.Finished {
        try await SteelyardProgram.run(
            ["send", "--gearman", server, "--function", AgentUnderTest.function, "--timeout", "30", action],
            variables: variables
        )
    }

    @Test func wholeWay() async throws {
        try await withTemporaryFolder { folder in
            let setting = try await Setting(in: folder)
            let identity = try await setting.authority.issue("server", for: ["127.0.0.1"])
            try await withGearmand(in: folder) { gearmand in
                let ca = setting.authority.ca
                try await withStunnel(in: folder, to: gearmand.port, identity: identity, ca: ca) { stunnel in
                    let agent = try await AgentUnderTest.start(
                        in: folder,
                        servers: [stunnel.address],
                        variables: setting.variables
                    )
                    defer { agent.process.send(signal: SIGTERM) }
                    for _ in 0..<5 {
                        let result = try await Self.send("discover", to: stunnel.address, setting.variables)
                        #expect(result.code == 0, "\(result.error)")
                    }
                    let diagnostics = try await Self.send("diagnostics", to: stunnel.address, setting.variables)
                    #expect(diagnostics.output.contains(#""gearman":[{"127.0.0.1":"PASS"}]"#))
                    // The keys are only in their files, not in the process's arguments or log.
                    let key = try String(contentsOfFile: setting.client.key, encoding: .utf8).split(separator: "\n")[1]
                    #expect(!agent.process.errorOutput.contains(key))
                    agent.process.send(signal: SIGTERM)
                    let code = try await agent.process.wait()
                    #expect(code == 0)
                }
            }
        }
    }

    /// The agent logs the fault, and continues with its other job server.
    @Test(arguments: Fault.allCases)
    func refuses(_ fault: Fault) async throws {
        try await withTemporaryFolder { folder in
            var setting = try await Setting(in: folder)
            let good = try await setting.authority.issue("server", for: ["127.0.0.1"])
            let bad: TestCertificates.Identity
            switch fault {
            case .wrongAuthority:
                bad = try await TestCertificates(in: folder, name: "other").issue("server-2", for: ["127.0.0.1"])
            case .wrongName: bad = try await setting.authority.issue("server-2", for: ["192.0.2.1", "lb.example"])
            case .expiredCertificate:
                bad = try await setting.authority.issue("server-2", for: ["127.0.0.1"], validity: .expired)
            case .noClientCertificate:
                bad = good
                setting.variables["STEELYARD_GEARMAN_TLS_CERTIFICATE"] = nil
                setting.variables["STEELYARD_GEARMAN_TLS_KEY"] = nil
            case .plainServer: bad = good
            }
            let ca = setting.authority.ca
            try await withGearmand(in: folder) { gearmand in
                try await withStunnel(in: folder, to: gearmand.port, identity: bad, ca: ca) { stunnel in
                    let server = fault == .plainServer ? gearmand.address : stunnel.address
                    let sent = try await Self.send("discover", to: server, setting.variables)
                    #expect(sent.code == 69)
                    #expect(sent.error.contains(fault.words), "\(sent.error)")
                    let process = try await ChildProcess.start(
                        SteelyardProgram.path,
                        ["worker", "--driver", "noop", "--gearman", server, "--state-dir", folder.path + "/state"],
                        environment: setting.variables,
                        in: folder,
                        name: "worker"
                    )
                    defer { process.send(signal: SIGTERM) }
                    try await eventually("the log contains the fault") {
                        process.errorOutput.contains("job server unreachable")
                            && process.errorOutput.contains(fault.words)
                    }
                    #expect(process.output.isEmpty)
                    process.send(signal: SIGTERM)
                    let code = try await process.wait()
                    #expect(code == 0)
                }
            }
        }
    }

    /// Both sides' certificates are replaced while a job runs: it is answered, and new connections use them.
    @Test func rotation() async throws {
        let store = try HangingServer()
        defer { store.stop() }
        try await withTemporaryFolder { folder in
            let setting = try await Setting(in: folder)
            let identity = try await setting.authority.issue("server", for: ["127.0.0.1"])
            try await withGearmand(in: folder) { gearmand in
                let ca = setting.authority.ca
                try await withStunnel(in: folder, to: gearmand.port, identity: identity, ca: ca) { stunnel in
                    let agent = try await AgentUnderTest.start(
                        in: folder,
                        servers: [stunnel.address],
                        variables: setting.variables
                    )
                    defer { agent.process.send(signal: SIGTERM) }
                    let update = folder.appending(path: "update.json")
                    try Data(ConnectionTests.update).write(to: update)
                    let updated = try await Self.send(update.path, to: stunnel.address, setting.variables)
                    #expect(updated.code == 0, "\(updated.error)")
                    let archive = folder.appending(path: "archive.json")
                    try ConnectionTests.archive(port: store.port).write(to: archive, atomically: true, encoding: .utf8)
                    let (address, variables) = (stunnel.address, setting.variables)
                    async let archived = Self.send(archive.path, to: address, variables)
                    try await eventually("the upload has started") { store.connectionCount > 0 }

                    let other = try await TestCertificates(in: folder, name: "next")
                    try Self.replace(identity, by: try await other.issue("server", for: ["127.0.0.1"]))
                    try Self.replace(setting.client, by: try await other.issue("device-1", usage: .client))
                    try Self.replace(ca, by: other.ca)
                    try await stunnel.reload()
                    // A new connection of this process uses the new files.
                    let result = try await Self.send("discover", to: stunnel.address, setting.variables)
                    #expect(result.code == 0, "\(result.error)")
                    store.stop()
                    let reply = try await archived.reply()
                    #expect(reply["hpcs_response"] as? String == "FAIL")
                    #expect(agent.process.errorOutput.ranges(of: "taking jobs").count == 1)
                }
            }
        }
    }

    private static func replace(_ old: TestCertificates.Identity, by new: TestCertificates.Identity) throws {
        try replace(old.certificate, by: new.certificate)
        try replace(old.key, by: new.key)
    }

    private static func replace(_ old: String, by new: String) throws {
        try Data(contentsOf: URL(fileURLWithPath: new)).write(to: URL(fileURLWithPath: old), options: .atomic)
    }
}
