// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import Foundation

/// A certificate authority in a test's folder, and the certificates that it issues; created by the openssl program.
package struct TestCertificates: Sendable {
    /// The PEM files of one certificate.
    package struct Identity: Sendable {
        /// The certificate's path; the file also contains the intermediate issuers, if any.
        package let certificate: String
        /// The path of the private key.
        package let key: String

        package init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    /// The usage of a certificate.
    package enum Usage: String, Sendable {
        case server = "serverAuth"
        case client = "clientAuth"
    }

    /// The validity of a certificate: its first and last second.
    package enum Validity: Sendable {
        case current
        case expired
        case future

        fileprivate var limits: (start: String, end: String) {
            switch self {
            case .current: ("20200101000000Z", "20990101000000Z")
            case .expired: ("20200101000000Z", "20210101000000Z")
            case .future: ("20980101000000Z", "20990101000000Z")
            }
        }
    }

    /// The path of the root certificate.
    package let ca: String
    private let folder: URL
    private let issuer: Identity
    /// The certificates between the root and this authority's certificates, the issuer first.
    private let chain: [String]

    /// Creates a root authority.
    ///
    /// - Parameter name: The common name, and the name of its folder.
    package init(in folder: URL, name: String = "authority") async throws {
        let folder = folder.appending(path: name)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        issuer = try await Self.selfSigned(in: folder, name: name, extensions: ["basicConstraints=critical,CA:TRUE"])
        ca = issuer.certificate
        chain = []
        self.folder = folder
        try prepare()
    }

    private init(root: TestCertificates, folder: URL, issuer: Identity) throws {
        ca = root.ca
        chain = [issuer.certificate]
        self.folder = folder
        self.issuer = issuer
        try prepare()
    }

    /// Creates an intermediate authority, issued by this one.
    package func intermediate(_ name: String) async throws -> TestCertificates {
        let folder = folder.appending(path: name)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        let identity = try await issue(name, extensions: ["basicConstraints=critical,CA:TRUE,pathlen:0"])
        return try TestCertificates(root: self, folder: folder, issuer: identity)
    }

    /// Issues a certificate.
    ///
    /// - Parameters:
    ///   - name: The common name, and the name of the files.
    ///   - hosts: The DNS names and IP addresses of the certificate.
    ///   - keyType: `EC` or `RSA`.
    package func issue(
        _ name: String,
        for hosts: [String] = [],
        usage: Usage = .server,
        validity: Validity = .current,
        keyType: String = "EC"
    ) async throws -> Identity {
        var extensions = ["basicConstraints=critical,CA:FALSE", "extendedKeyUsage=\(usage.rawValue)"]
        if !hosts.isEmpty { extensions.append(Self.alternativeNames(hosts)) }
        return try await issue(name, extensions: extensions, validity: validity, keyType: keyType)
    }

    /// Revokes certificates of this authority, and returns its list of revocations in PEM.
    ///
    /// - Parameter validity: Whether the list is valid now.
    package func revocationList(
        revoking revoked: [Identity] = [],
        validity: Validity = .current
    ) async throws -> String {
        let list = folder.appending(path: "revoked-\(UInt32.random(in: 0...UInt32.max)).pem").path
        let options = ["ca", "-batch", "-config", settings.path, "-name", "authority"]
        for identity in revoked { try await Self.openssl(options + ["-revoke", identity.certificate]) }
        let limits = validity.limits
        try await Self.openssl(
            options + ["-gencrl", "-crl_lastupdate", limits.start, "-crl_nextupdate", limits.end, "-out", list]
        )
        return try String(contentsOfFile: list, encoding: .utf8)
    }

    /// Creates a self-signed certificate.
    package static func selfSigned(in folder: URL, name: String, for hosts: [String]) async throws -> Identity {
        try await selfSigned(in: folder, name: name, extensions: [alternativeNames(hosts)])
    }

    /// Creates a copy of a key that is encrypted with a passphrase.
    ///
    /// - Parameter isTraditional: Whether to use the older PEM format, `BEGIN EC PRIVATE KEY`.
    package static func encrypted(_ key: String, isTraditional: Bool = false) async throws -> String {
        let copy = key + (isTraditional ? ".traditional" : ".pkcs8")
        try await openssl(
            ["pkey", "-in", key, "-aes256", "-passout", "pass:secret", "-out", copy]
                + (isTraditional ? ["-traditional"] : [])
        )
        return copy
    }

    private func issue(
        _ name: String,
        extensions: [String],
        validity: Validity = .current,
        keyType: String = "EC"
    ) async throws -> Identity {
        let base = folder.appending(path: String(name.map { $0.isLetter || $0.isNumber ? $0 : "-" })).path
        let identity = Identity(certificate: base + ".pem", key: base + ".key")
        let options = keyType == "EC" ? ["ec_paramgen_curve:P-256"] : ["rsa_keygen_bits:2048"]
        try await Self.openssl(
            ["req", "-new", "-newkey", keyType, "-noenc", "-subj", "/CN=\(name)", "-keyout", identity.key]
                + ["-out", base + ".csr"] + options.flatMap { ["-pkeyopt", $0] }
        )
        try (extensions.joined(separator: "\n") + "\n").write(toFile: base + ".ext", atomically: true, encoding: .utf8)
        try await Self.openssl(
            ["ca", "-batch", "-config", settings.path, "-name", "authority", "-notext", "-rand_serial"]
                + ["-startdate", validity.limits.start, "-enddate", validity.limits.end]
                + ["-extfile", base + ".ext", "-in", base + ".csr", "-out", identity.certificate]
        )
        for issuer in chain {
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: identity.certificate))
            try file.seekToEnd()
            try file.write(contentsOf: Data(contentsOf: URL(fileURLWithPath: issuer)))
            try file.close()
        }
        return identity
    }

    private var settings: URL { folder.appending(path: "openssl.cnf") }

    /// Writes the files for `openssl ca`, the only command with options for the limits of the validity.
    private func prepare() throws {
        let text = """
            [authority]
            certificate = \(issuer.certificate)
            private_key = \(issuer.key)
            new_certs_dir = \(folder.path)
            database = \(folder.path)/index.txt
            serial = \(folder.path)/serial
            unique_subject = no
            default_md = sha256
            policy = policy
            [policy]
            commonName = supplied

            """
        try text.write(to: settings, atomically: true, encoding: .utf8)
        try "".write(to: folder.appending(path: "index.txt"), atomically: true, encoding: .utf8)
    }

    private static func selfSigned(in folder: URL, name: String, extensions: [String]) async throws -> Identity {
        let base = folder.appending(path: name).path
        let identity = Identity(certificate: base + ".pem", key: base + ".key")
        try await openssl(
            ["req", "-x509", "-newkey", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "3650"]
                + ["-subj", "/CN=\(name)", "-keyout", identity.key, "-out", identity.certificate]
                + extensions.flatMap { ["-addext", $0] }
        )
        return identity
    }

    private static func alternativeNames(_ hosts: [String]) -> String {
        let names = hosts.map { host in
            let isAddress = host.contains(":") || host.allSatisfy { $0 == "." || $0.isNumber }
            return (isAddress ? "IP:" : "DNS:") + host
        }
        return "subjectAltName=" + names.joined(separator: ",")
    }

    @discardableResult
    private static func openssl(_ arguments: [String]) async throws -> [UInt8] {
        guard let program = Requirement.openssl.path else { throw ServerFailure("openssl is not installed") }
        return try await Command.run(program, arguments)
    }
}
