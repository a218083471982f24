// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import CGearman
import TestServers

/// A client based on libgearman, like those of deployed control planes; use it on one thread.
final class LibgearmanClient {
    private let client: UnsafeMutablePointer<gearman_client_st>

    init(port: Int) throws {
        guard let client = gearman_client_create(nil) else { throw ServerFailure("gearman_client_create failed") }
        self.client = client
        gearman_client_remove_servers(client)
        gearman_client_set_timeout(client, 60_000)
        guard gearman_client_add_server(client, "127.0.0.1", in_port_t(port)) == GEARMAN_SUCCESS else {
            throw ServerFailure("libgearman rejects the server")
        }
    }

    deinit { gearman_client_free(client) }

    /// Submits a job and waits for its reply.
    ///
    /// - Parameter unique: The job's unique id; nil for none.
    func reply(to payload: [UInt8], function: String, unique: String? = nil) throws -> [UInt8] {
        var size = 0
        var code = GEARMAN_SUCCESS
        let result = gearman_client_do(client, function, unique, payload, payload.count, &size, &code)
        defer { free(result) }
        guard code == GEARMAN_SUCCESS else {
            throw ServerFailure("libgearman failed: \(String(cString: gearman_strerror(code)))")
        }
        let reply = Array(UnsafeRawBufferPointer(start: result, count: size))
        ReplyRecorder.record(reply)
        return reply
    }
}
