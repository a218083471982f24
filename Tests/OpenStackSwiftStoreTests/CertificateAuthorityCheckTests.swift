// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import OpenStackSwiftStore
import SteelyardCore
import TestServers
import Testing

@Suite("The file of certificate authorities", Requirement.openssl.trait)
struct CertificateAuthorityCheckTests {
    @Test("is accepted if it contains certificates, even with other text between them")
    func accepted() async throws {
        try OpenStackSwiftConfiguration().checkCertificateAuthorityFile()
        try await withTemporaryFolder { folder in
            let certificate = try await certificate(in: folder)
            try check("# ours\n\(certificate)and\n\(certificate)", in: folder)
        }
    }

    @Test("is rejected with the cause if it is unusable")
    func refused() async throws {
        try await withTemporaryFolder { folder in
            let certificate = try await certificate(in: folder)
            let damaged = certificate.replacingOccurrences(of: "\nMII", with: "\nMIJ")
            #expect(damaged != certificate)
            let empty = try reason("", in: folder)
            #expect(empty.contains("contains no certificate in PEM form"))
            #expect(try reason("no certificate", in: folder) == empty)
            #expect(try reason(certificate + damaged, in: folder).contains("certificate 2 is corrupt"))
            #expect(try reason(String(certificate.prefix(200)), in: folder).contains("certificate 1 is corrupt"))

            let missing = folder.appending(path: "missing.pem").path
            #expect(reason(file: missing) == "names \(missing), which cannot be opened: No such file or directory")
            #expect(reason(file: folder.path) == "names \(folder.path), which is not a regular file")
            if geteuid() != 0 {
                let closed = folder.appending(path: "closed.pem")
                try Data(certificate.utf8).write(to: closed)
                chmod(closed.path, 0)
                #expect(reason(file: closed.path).hasSuffix("which cannot be opened: Permission denied"))
            }
        }
    }

    private func certificate(in folder: URL) async throws -> String {
        let identity = try await TestCertificates.selfSigned(in: folder, name: "authority", for: ["localhost"])
        return try String(contentsOfFile: identity.certificate, encoding: .utf8)
    }

    private func check(_ content: String, in folder: URL) throws {
        let file = folder.appending(path: "ca.pem")
        try Data(content.utf8).write(to: file)
        try OpenStackSwiftConfiguration(certificateAuthorityFile: file.path).checkCertificateAuthorityFile()
    }

    private func reason(_ content: String, in folder: URL) throws -> String {
        let error = #expect(throws: InvalidValue.self) { try check(content, in: folder) }
        return error?.problem ?? ""
    }

    private func reason(file: String) -> String {
        let configuration = OpenStackSwiftConfiguration(certificateAuthorityFile: file)
        let error = #expect(throws: InvalidValue.self) { try configuration.checkCertificateAuthorityFile() }
        return error?.problem ?? ""
    }
}
