// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import SteelyardCore
import SteelyardSystem
import Subprocess
import SystemPackage
import TestServers
import Testing

@testable import HAProxyDriver

/// An agent that is killed while it replaces a certificate, at each step.
@Suite(Requirement.haproxy.trait, Requirement.openssl.trait)
struct TLSCrashTests {
    private static let reloading: [ChangeStep] = [
        .checked, .lastGoodKept, .fileWritten, .statesWritten, .served, .metered, .committed,
    ]
    private static let running: [ChangeStep] = [.prepared, .begun, .changed, .fileReplaced, .stateReplaced]

    @Test(arguments: reloading + running, CrashTests.Aftermath.allCases)
    func leavesOneOfTheCertificates(step: ChangeStep, aftermath: CrashTests.Aftermath) async throws {
        try await withTLSDevice { device, fixture in
            let old = try await fixture.container("standard")
            let new = try await fixture.container("standard")
            let (gone, come) = (try await fixture.container("gone"), try await fixture.container("come"))
            func set(
                _ container: CertificateContainer,
                _ host: CertificateContainer,
                retries: Int
            ) throws
                -> LoadBalancerSet
            {
                let options = try ConnectionOptions(connectRetries: retries)
                let tls = try ListenerTLS(certificate: container, hostCertificates: [host])
                return try LoadBalancerSet([device.https([], tls, options: options)])
            }
            try await device.driver.apply(set(old, gone, retries: 3))
            let wanted = try set(new, come, retries: Self.reloading.contains(step) ? 5 : 3)
            try await Self.applyInAnAgentThatIsKilled(device, wanted, step, fixture.folder)
            if aftermath == .ends, let table = try await device.processes() {
                let handles = [table.worker, table.master].compactMap { $0.flatMap { ProcessHandle($0) } }
                ProcessHandle(table.master)?.send(SIGKILL)
                for handle in handles { #expect(try await blocking { handle.waitForEnd(by: .after(.seconds(30))) }) }
            }

            let next = try device.restarted()
            try await supervised(next) {
                // The state is what decides.
                let bytes = Array(try Data(contentsOf: URL(filePath: device.file("state.json"))))
                let tls = try #require(LoadBalancerSet(message: bytes)?.loadBalancers[0].tls)
                let isOld = tls.certificate.sha256 == old.sha256
                #expect(tls.certificate.sha256 == (isOld ? old : new).sha256)
                let (standard, host) = isOld ? (old, gone) : (new, come)
                try await eventually("clients get what the state has") {
                    let client = fixture.client(device)
                    let shown = try await client.connect(to: nil).certificate
                    let named = try await client.connect(to: "\(host.id).example.com").certificate
                    let other = isOld ? "come" : "gone"
                    let unknown = try await client.connect(to: "\(other).example.com").certificate
                    return shown == standard.shown && named == host.shown && unknown == standard.shown
                }
                try await eventually("HAProxy would load the same") {
                    let files = device.keyFiles()
                    return files["http-in.default.pem"] == standard.content?.pem.secret
                        && files["http-in.host.\(host.id).pem"] == host.content?.pem.secret
                        && files["http-in.list"]?.split(separator: "\n").count == 2
                }
                // Nothing of the other one is left after the next change.
                try await next.apply(set(old, come, retries: 4))
                let files = device.keyFiles()
                #expect(files.count == 5, "\(files.keys.sorted())")
                #expect(try await fixture.client(device).connect(to: nil).certificate == old.shown)
                #expect(try await fixture.client(device).connect(to: "come.example.com").certificate == come.shown)
            }
        }
    }

    private static func applyInAnAgentThatIsKilled(
        _ device: DeviceUnderTest,
        _ set: LoadBalancerSet,
        _ step: ChangeStep,
        _ folder: URL
    ) async throws {
        let message = folder.appending(path: "message.json")
        try Data(JSONFragment.object(set.messageMembers(withKeys: true)).json).write(to: message)
        let result = try await Subprocess.run(
            .path(FilePath(Environment.buildFolder.appending(path: "apply-crasher").path)),
            arguments: [device.folder.path, message.path, step.rawValue],
            output: .discarded,
            error: .string(limit: 1 << 20)
        )
        #expect(result.terminationStatus == .signaled(SIGKILL), "\(result.standardError)")
    }
}
