// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import Synchronization

/// A node: answers each HTTP request, and each line of a TCP client, with its name.
///
/// The second half of the answer to `/held` follows after ``release()``.
final class NodeServer: Sendable {
    let port: Int
    private let listener: Loopback
    private let connections = Mutex<[ObjectIdentifier: Loopback]>([:])
    private let gate = DispatchSemaphore(value: 0)
    private let held = Atomic(0)

    /// The number of requests that wait for ``release()``.
    var heldCount: Int { held.load(ordering: .sequentiallyConsistent) }

    init(_ name: String) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = Loopback.withAddress(port: 0) { bind(listener, $0, $1) == 0 } && listen(listener, 512) == 0
        withUnsafeMutablePointer(to: &address) { pointer in
            _ = pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(listener, $0, &size) }
        }
        guard isListening else { throw TestFailure("cannot listen: errno \(errno)") }
        self.listener = Loopback(listener)
        port = Int(UInt16(bigEndian: address.sin_port))
        onThread { [self] in
            while true {
                let descriptor = accept(listener, nil, nil)
                guard descriptor >= 0 else { break }
                _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
                let client = Loopback(descriptor)
                connections.withLock { $0[ObjectIdentifier(client)] = client }
                onThread { [self] in
                    serve(client, name)
                    connections.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(client)) }
                }
            }
        }
    }

    /// Completes all held requests, including later ones.
    func release() { for _ in 0..<1000 { gate.signal() } }

    /// Refuses connections from now on, and closes open ones.
    func stop() {
        release()
        listener.shutDown()
        connections.withLock { for client in $0.values { client.shutDown() } }
    }

    private func serve(_ client: Loopback, _ name: String) {
        var input = ""
        while let more = client.read() {
            input += more
            if input.hasPrefix("GET ") {
                guard input.hasSuffix("\r\n\r\n") else { continue }
                client.write("HTTP/1.1 200 OK\r\nContent-Length: \(name.utf8.count)\r\nConnection: close\r\n\r\n")
                if input.hasPrefix("GET /held ") {
                    held.add(1, ordering: .sequentiallyConsistent)
                    gate.wait()
                }
                client.write(name)
                return
            }
            guard input.hasSuffix("\n") else { continue }
            client.write(name)
            input = ""
        }
    }
}

/// Runs a blocking function on a dedicated thread.
func onThread(_ body: @escaping @Sendable () -> Void) {
    let box = Unmanaged.passRetained(ThreadBody(body))
    var thread = pthread_t()
    let main: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { argument in
        guard let argument else { return nil }
        Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run()
        return nil
    }
    pthread_create(&thread, nil, main, box.toOpaque())
    pthread_detach(thread)
}

/// Runs a blocking function on a dedicated thread, and waits for it.
func blocking<Success: Sendable>(_ body: @escaping @Sendable () -> Success) async -> Success {
    await withCheckedContinuation { continuation in onThread { continuation.resume(returning: body()) } }
}

private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

/// An error of a test's environment.
struct TestFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Waits until a condition holds.
///
/// - Throws: `TestFailure` after 20 s.
func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(20)
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw TestFailure("timed out after 20 s:  \(what)") }
        try await Task.sleep(for: .milliseconds(10))
    }
}
