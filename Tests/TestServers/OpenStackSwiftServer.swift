// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import Foundation

/// A real OpenStack Swift on free ports of loopback, over HTTP and over TLS, with its own certificate authority.
package struct OpenStackSwiftServer: Sendable {
    /// The result of a GET or HEAD.
    package struct Object: Sendable {
        package let content: [UInt8]
        package let etag: String
    }

    /// The account's URL.
    package let endpoint: String
    /// The account's URL over TLS.
    package let tlsEndpoint: String
    /// The account's URL over TLS with an expired certificate.
    package let expiredEndpoint: String
    /// The account's URL over TLS with a certificate for another host.
    package let elsewhereEndpoint: String
    /// A token of the account.
    package let token: String
    /// The PEM file of the certificate authority.
    package let certificateAuthority: String
    private let folder: URL
    private let log: String

    private static var program: String {
        Environment.packageFolder.appending(path: "Tests/TestServers/openstack-swift/openstack-swift").path
    }

    /// Starts a server in a folder of its own; it ends with the test process at the latest.
    ///
    /// - Parameter port: The port to listen on; nil for a free port.
    package static func start(
        in folder: URL,
        port: Int? = nil,
        options: [String] = []
    ) async throws -> OpenStackSwiftServer {
        let owner = ["--owner", "\(ProcessInfo.processInfo.processIdentifier)"]
        let printed = try await command("up", folder, (port.map { ["\($0)"] } ?? []) + owner + options)
        let server = try OpenStackSwiftServer(folder: folder, variables: printed)
        try await server.makeAccount()
        return server
    }

    /// Creates the account by creating its first container.
    ///
    /// While an account is being created, Swift answers 404 to requests for other containers.
    private func makeAccount() async throws {
        for attempt in 1... {
            do { return try await makeContainer("first") } catch {
                guard attempt < 20 else { throw error }
                try await Task.sleep(for: .milliseconds(250))
            }
        }
    }

    /// Stops the server by its process ID.
    package static func stop(in folder: URL) async throws { _ = try await command("down", folder) }

    private static func command(_ name: String, _ folder: URL, _ arguments: [String] = []) async throws -> String {
        let printed = try await Command.run(
            Environment.testPython,
            ["-B", program, name, folder.path] + arguments
        )
        return String(decoding: printed, as: UTF8.self)
    }

    private init(folder: URL, variables: String) throws {
        var values: [Substring: String] = [:]
        for line in variables.split(separator: "\n") {
            let parts = line.dropFirst("export ".count).split(separator: "=", maxSplits: 1)
            values[parts[0]] = parts[1].trimmingCharacters(in: ["'"])
        }
        guard let endpoint = values["OS_STORAGE_URL"], let tlsEndpoint = values["OS_STORAGE_URL_TLS"],
            let token = values["OS_AUTH_TOKEN"], let authority = values["OS_CACERT"],
            let log = values["OPENSTACK_SWIFT_LOG"], let expired = values["OS_STORAGE_URL_TLS_EXPIRED"],
            let elsewhere = values["OS_STORAGE_URL_TLS_ELSEWHERE"]
        else { throw ServerFailure("openstack-swift did not print its variables: \(variables)") }
        self.folder = folder
        self.endpoint = endpoint
        self.tlsEndpoint = tlsEndpoint
        self.token = token
        self.log = log
        certificateAuthority = authority
        expiredEndpoint = expired
        elsewhereEndpoint = elsewhere
    }

    /// The port that it listens on.
    package var port: Int? { URL(string: endpoint)?.port }

    /// The IDs of its processes; when the first one ends, all end.
    package func processIdentifiers() throws -> (first: Int32, all: [Int32]) {
        let state = try Data(contentsOf: folder.appending(path: "run/state.json"))
        guard let object = try JSONSerialization.jsonObject(with: state) as? [String: Any],
            let first = object["pid"] as? Int, let others = object["pids"] as? [String: Int]
        else { throw ServerFailure("openstack-swift has no state") }
        return (Int32(first), [Int32(first)] + others.values.map(Int32.init))
    }

    /// A token of another account, without access to this one.
    package func tokenOfAnotherAccount() async throws -> String {
        let printed = try await Self.command("token", folder, ["other"])
        return try OpenStackSwiftServer(folder: folder, variables: printed).token
    }

    /// The server's log so far.
    package func readLog() throws -> String { try String(contentsOfFile: log, encoding: .utf8) }

    /// Reads an object; nil if it does not exist.
    ///
    /// - Parameter path: The container and the object's name, not percent-encoded.
    package func object(_ path: String) async throws -> Object? {
        guard let (head, content) = try await get(path) else { return nil }
        let etag = head.split(whereSeparator: \.isNewline).first { $0.lowercased().hasPrefix("etag:") } ?? ""
        return Object(content: content, etag: etag.dropFirst(5).trimmingCharacters(in: [" ", "\""]))
    }

    /// The names of the objects in a container; empty if the container does not exist.
    package func names(in container: String) async throws -> [String] {
        guard let (_, content) = try await get(container) else { return [] }
        return String(decoding: content, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// Creates a container unless it exists.
    ///
    /// - Parameter headers: Additional header lines, such as `X-Container-Meta-Quota-Count: 0`.
    package func makeContainer(_ name: String, headers: [String] = []) async throws {
        _ = try await Command.run(
            "/usr/bin/curl",
            ["-sS", "--fail", "--noproxy", "*", "-X", "PUT", "-H", "X-Auth-Token: \(token)", "\(endpoint)/\(name)"]
                + headers.flatMap { ["-H", $0] }
        )
    }

    /// Stores a text as an object and replaces an existing one.
    package func putObject(_ path: String, content: String) async throws {
        _ = try await Command.run(
            "/usr/bin/curl",
            ["-sS", "--fail", "--noproxy", "*", "-X", "PUT", "-H", "X-Auth-Token: \(token)", "--data-binary", content]
                + ["\(endpoint)/\(path)"]
        )
    }

    private func get(_ path: String) async throws -> (head: String, content: [UInt8])? {
        let allowed = CharacterSet(charactersIn: "/").union(.alphanumerics.intersection(CharacterSet(0...0x7F)))
        guard let encoded = path.addingPercentEncoding(withAllowedCharacters: allowed) else {
            throw ServerFailure("cannot encode \(path)")
        }
        return try await withTemporaryFolder { folder in
            let (head, body) = (folder.appending(path: "head").path, folder.appending(path: "body").path)
            let status = try await Command.run(
                "/usr/bin/curl",
                ["-sS", "--noproxy", "*", "--path-as-is", "-H", "X-Auth-Token: \(token)", "-D", head, "-o", body]
                    + ["-w", "%{http_code}", "\(endpoint)/\(encoded)"]
            )
            switch String(decoding: status, as: UTF8.self) {
            case "200": return (try String(contentsOfFile: head, encoding: .utf8), try bytes(body))
            case "204": return ("", [])
            case "404": return nil
            case let other: throw ServerFailure("GET \(path): HTTP \(other)")
            }
        }
    }

    private func bytes(_ file: String) throws -> [UInt8] {
        FileManager.default.fileExists(atPath: file) ? [UInt8](try Data(contentsOf: URL(fileURLWithPath: file))) : []
    }
}

extension CharacterSet {
    fileprivate init(_ range: ClosedRange<UInt8>) {
        self.init(charactersIn: Unicode.Scalar(range.lowerBound)...Unicode.Scalar(range.upperBound))
    }
}

/// Starts an OpenStack Swift in a temporary folder, passes it to a closure, and stops it in any case.
///
/// - Parameter options: Options of `openstack-swift up`, such as `--max-file-size`.
package func withOpenStackSwift<Success>(
    options: [String] = [],
    _ body: (OpenStackSwiftServer) async throws -> Success
) async throws -> Success {
    try await withTemporaryFolder { folder in
        let server = try await OpenStackSwiftServer.start(in: folder, options: options)
        let result: Result<Success, any Error>
        do { result = .success(try await body(server)) } catch { result = .failure(error) }
        try await OpenStackSwiftServer.stop(in: folder)
        return try result.get()
    }
}
