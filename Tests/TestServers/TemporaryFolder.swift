// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

package import Foundation

/// A temporary folder of a test, removed with its content when the test has ended.
///
/// Its path is short because it contains HAProxy's sockets, and a socket's path has at most 107 bytes.
package func withTemporaryFolder<Success>(_ body: (URL) async throws -> Success) async throws -> Success {
    let name = "sy-" + String(UInt64.random(in: 0...UInt64.max), radix: 36)
    let folder = URL(fileURLWithPath: "/tmp").appending(path: name)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try await body(folder)
}
