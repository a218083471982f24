// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers

/// A server of 127.0.0.1 that speaks only HTTP/2 over TLS, as a gRPC server does: it sends each request's body back, and
/// the trailer `grpc-status: 0`.
enum HTTP2Node {
    /// Starts the server, passes its port to a closure, and stops it in any case.
    static func run<Success>(
        in folder: URL,
        _ identity: TestCertificates.Identity,
        _ body: (Int) async throws -> Success
    ) async throws -> Success {
        guard let python = Requirement.python.path else { throw ServerFailure("python3 is not installed") }
        let port = try FreePort.next()
        let file = folder.appending(path: "http2-node.py")
        try script.write(to: file, atomically: true, encoding: .utf8)
        let process = try await ChildProcess.start(
            python,
            [file.path, "\(port)", identity.certificate, identity.key],
            in: folder,
            name: "http2-node"
        )
        let result: Result<Success, any Error>
        do {
            try await eventually("the node listens: \(process.errorOutput)") { try await LoopbackSocket.accepts(port) }
            result = .success(try await body(port))
        } catch { result = .failure(error) }
        await process.stop()
        return try result.get()
    }

    private static let script = #"""
        import socket, ssl, struct, sys, threading

        def field(name, value):
            return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value

        def serve(sock):
            def read(count):
                data = b""
                while len(data) < count:
                    more = sock.recv(count - len(data))
                    if not more: raise EOFError
                    data += more
                return data
            def send(kind, flags, stream, payload=b""):
                sock.sendall(struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload)
            sock = context.wrap_socket(sock, server_side=True)
            # A check of the load balancer ends here.
            if sock.selected_alpn_protocol() != "h2": return
            read(24)
            send(4, 0, 0)
            bodies = {}
            while True:
                head = read(9)
                payload = read(int.from_bytes(head[:3], "big"))
                kind, flags, stream = head[3], head[4], int.from_bytes(head[5:], "big") & 0x7FFFFFFF
                if kind == 4 and not flags & 1: send(4, 1, 0)
                if kind == 6 and not flags & 1: send(6, 1, 0, payload)
                if kind == 1: bodies[stream] = b""
                if kind == 0:
                    bodies[stream] += payload[1:len(payload) - payload[0]] if flags & 8 else payload
                    if payload:
                        for number in (0, stream): send(8, 0, number, struct.pack(">I", len(payload)))
                if kind in (0, 1) and flags & 1:
                    send(1, 4, stream, b"\x88" + field(b"content-type", b"application/grpc") + field(b"x-node", b"http2"))
                    body = bodies.pop(stream)
                    for start in range(0, len(body), 16384): send(0, 0, stream, body[start:start + 16384])
                    send(1, 5, stream, field(b"grpc-status", b"0"))

        def handle(sock):
            try: serve(sock)
            except (EOFError, OSError): pass
            finally: sock.close()

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[2], sys.argv[3])
        context.set_alpn_protocols(["h2"])
        listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=100)
        while True:
            threading.Thread(target=handle, args=(listener.accept()[0],), daemon=True).start()
        """#
}
