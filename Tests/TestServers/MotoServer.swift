// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import Foundation

/// An S3 store on a free port of loopback: moto, with the checks of S3 that moto lacks.
package struct MotoServer: Sendable {
    /// An object as the server stores it.
    package struct Object: Sendable {
        package let content: [UInt8]
        package let etag: String
    }

    /// An access key with its secret; `Tests/TestServers/s3/serve` lists the permissions.
    package enum Account: String, Sendable {
        case owner = "AKIA1OWNER"
        case writer = "AKIA2WRITER"
        case reader = "AKIA3READER"
        case noBucket = "AKIA4NOBUCKET"
        case temporary = "AKIA5TEMPORARY"
        case expired = "AKIA6EXPIRED"
        case skewed = "AKIA7SKEWED"

        package var accessKey: String { rawValue }
        package var secretKey: String { "\(rawValue.lowercased())-secret" }

        package var sessionToken: String? {
            switch self {
            case .temporary: "temporary-token"
            case .expired: "expired-token"
            default: nil
            }
        }
    }

    /// The port that it listens on.
    package let port: Int
    /// Its URL.
    package let endpoint: String
    private let process: ChildProcess
    private let curlOptions: [String]

    /// Starts a server in a folder of its own; it ends with the test process at the latest.
    ///
    /// - Parameters:
    ///   - identity: Its certificate, for a server over TLS; nil for plain HTTP.
    ///   - region: The region in the signature of requests.
    ///   - smallestPart: The minimum size of all parts but the last, in bytes; in S3, 5 MiB.
    package static func start(
        in folder: URL,
        identity: TestCertificates.Identity? = nil,
        region: String = "us-east-1",
        smallestPart: Int = 5 << 20
    ) async throws -> MotoServer {
        let program = Environment.packageFolder.appending(path: "Tests/TestServers/s3/serve").path
        let owner = "\(ProcessInfo.processInfo.processIdentifier)"
        let tls = identity.map { ["--certificate", $0.certificate, "--key", $0.key] } ?? []
        let process = try await ChildProcess.start(
            Environment.testPython,
            ["-B", program, "--owner", owner, "--region", region, "--smallest-part", "\(smallestPart)"] + tls,
            in: folder,
            name: "s3-\(UInt32.random(in: 0...UInt32.max))"
        )
        do {
            try await eventually("the S3 store listens") {
                guard process.isRunning else { throw ServerFailure("the S3 store ended: \(process.errorOutput)") }
                return process.output.hasSuffix("\n")
            }
            let printed = process.output.split(separator: "\n").first ?? ""
            guard let port = Int(printed) else { throw ServerFailure("the S3 store printed no port: \(printed)") }
            return MotoServer(port: port, isEncrypted: identity != nil, process: process)
        } catch {
            await process.stop()
            throw error
        }
    }

    private init(port: Int, isEncrypted: Bool, process: ChildProcess) {
        self.port = port
        self.process = process
        endpoint = "\(isEncrypted ? "https" : "http")://127.0.0.1:\(port)"
        // The tests only read the objects, so they do not verify the certificate.
        curlOptions = ["-sS", "--noproxy", "*", "--path-as-is"] + (isEncrypted ? ["--insecure"] : [])
    }

    /// Stops it.
    package func stop() async { await process.stop() }

    /// The server's log so far.
    package var log: String { process.errorOutput }

    /// Reads an object; nil if it does not exist.
    ///
    /// - Parameter path: The bucket and the object's key, not percent-encoded.
    package func object(_ path: String) async throws -> Object? {
        try await withTemporaryFolder { folder in
            let (head, body) = (folder.appending(path: "head"), folder.appending(path: "body"))
            let status = try await curl(
                "object/\(path)",
                ["-D", head.path, "-o", body.path, "-w", "%{http_code}"]
            )
            guard String(decoding: status, as: UTF8.self) == "200" else { return nil }
            let lines = try String(contentsOf: head, encoding: .utf8).split(whereSeparator: \.isNewline)
            let etag = lines.first { $0.lowercased().hasPrefix("etag:") }?.dropFirst(5) ?? ""
            let hasContent = FileManager.default.fileExists(atPath: body.path)
            return Object(
                content: hasContent ? [UInt8](try Data(contentsOf: body)) : [],
                etag: etag.trimmingCharacters(in: [" ", "\""])
            )
        }
    }

    /// The keys of the objects in a bucket; empty if the bucket does not exist.
    package func keys(in bucket: String) async throws -> [String] { try await names("keys/\(bucket)") }

    /// The keys of the unfinished multipart uploads, one for each upload.
    package func uploads(in bucket: String) async throws -> [String] { try await names("uploads/\(bucket)") }

    /// The names of the buckets.
    package func buckets() async throws -> [String] { try await names("buckets") }

    /// Stores a text as an object and replaces an existing one; creates the bucket if it does not exist.
    package func putObject(_ path: String, content: String) async throws {
        _ = try await curl("object/\(path)", ["-X", "PUT", "--data-binary", content, "--fail"])
    }

    private func names(_ path: String) async throws -> [String] {
        let answer = try await curl(path, [])
        guard !answer.isEmpty else { return [] }
        return try JSONDecoder().decode([String].self, from: Data(answer))
    }

    private func curl(_ path: String, _ options: [String]) async throws -> [UInt8] {
        let allowed = CharacterSet(charactersIn: "/").union(.alphanumerics).intersection(
            CharacterSet(charactersIn: Unicode.Scalar(0)...Unicode.Scalar(0x7F))
        )
        guard let encoded = path.addingPercentEncoding(withAllowedCharacters: allowed) else {
            throw ServerFailure("cannot encode \(path)")
        }
        return try await Command.run("/usr/bin/curl", curlOptions + options + ["\(endpoint)/-/\(encoded)"])
    }
}

/// Starts an S3 store in a temporary folder, passes it to a closure, and stops it in any case.
package func withMoto<Success>(
    identity: TestCertificates.Identity? = nil,
    region: String = "us-east-1",
    smallestPart: Int = 5 << 20,
    _ body: (MotoServer) async throws -> Success
) async throws -> Success {
    try await withTemporaryFolder { folder in
        let server = try await MotoServer.start(
            in: folder,
            identity: identity,
            region: region,
            smallestPart: smallestPart
        )
        let result: Result<Success, any Error>
        do { result = .success(try await body(server)) } catch { result = .failure(error) }
        await server.stop()
        return try result.get()
    }
}
