// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import Foundation

/// Backends that answer every request with 200 and a fixed text, as fast as HAProxy can, and never close a connection
/// themselves: the tested proxy causes every failure.
package enum HAProxyBackEnds {
    /// The content of every answer.
    package static let body = Array(String(repeating: "All is well. ", count: 10).utf8)

    /// Starts one HAProxy that listens on all addresses and ports, passes it to a closure, and stops it in any case.
    ///
    /// - Parameter addresses: Addresses of loopback, and `localhost`, which may resolve to either family.
    package static func run<Success>(
        binary: String,
        addresses: [String],
        ports: [Int],
        in folder: URL,
        _ body: () async throws -> Success
    ) async throws -> Success {
        let file = folder.appending(path: "back-ends.cfg")
        try text(addresses, ports).write(to: file, atomically: true, encoding: .utf8)
        let process = try await ChildProcess.start(binary, ["-db", "-f", file.path], in: folder, name: "back-ends")
        let result: Result<Success, any Error>
        do {
            try await eventually("the backends answer: \(process.errorOutput)") {
                for port in ports where try await !LoopbackSocket.accepts(port) { return false }
                return true
            }
            result = .success(try await body())
        } catch { result = .failure(error) }
        await process.stop()
        return try result.get()
    }

    private static func text(_ addresses: [String], _ ports: [Int]) throws -> String {
        // localhost may also resolve to ::1.
        let interfaces = (try? String(contentsOfFile: "/proc/net/if_inet6", encoding: .utf8)) ?? ""
        let six = interfaces.contains(String(repeating: "0", count: 31) + "1 ") ? ["[::1]"] : []
        let named = addresses.flatMap { $0 == "localhost" ? ["127.0.0.1"] + six : [$0] }
        let binds = Set(named).sorted().flatMap { address in ports.map { "    bind \(address):\($0)" } }
        return """
            global
                maxconn 2000
                stats timeout 1h
            defaults
                mode http
                timeout client 1h
                timeout server 1h
                timeout connect 1h
                timeout http-keep-alive 1h
            frontend all
            \(binds.joined(separator: "\n"))
                http-request return status 200 content-type text/plain string "\(String(decoding: body, as: UTF8.self))"

            """
    }
}
