// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The system's gzip.
package enum Gunzip {
    /// Decompresses bytes with an independent program.
    ///
    /// - Throws: If the bytes are not entirely gzip.
    package static func run(
        _ bytes: [UInt8],
        _ program: [String] = ["/usr/bin/gzip", "-dc"]
    ) async throws -> [UInt8] {
        try await withTemporaryFolder { folder in
            let file = folder.appending(path: "file.gz")
            try Data(bytes).write(to: file)
            return try await Command.run(program[0], program.dropFirst() + [file.path])
        }
    }
}
