// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import Testing

/// Writes each reply that a test gets to a file, so that all of them are validated with the schemas after the run.
package enum ReplyRecorder {
    /// Creates the file in the folder that the variable names; nil if it names none.
    private static let file: Mutex<FileHandle?> = {
        guard let folder = Environment["STEELYARD_TEST_REPLIES"] else { return Mutex(nil) }
        let path = URL(fileURLWithPath: folder)
            .appending(path: "\(ProcessInfo.processInfo.processIdentifier)-\(UInt32.random(in: 0...UInt32.max))")
        _ = FileManager.default.createFile(atPath: path.path, contents: nil)
        return Mutex(FileHandle(forWritingAtPath: path.path))
    }()

    /// Records a reply; does nothing unless the variable `STEELYARD_TEST_REPLIES` names a folder.
    package static func record(_ reply: some Sequence<UInt8>) {
        file.withLock { file in
            guard let file else { return }
            let reply = Data(reply)
            let test = Test.current?.name ?? "without a name"
            let head = try? JSONEncoder().encode(Head(test: test, bytes: reply.count))
            // A record that is cut shows in the validation.
            try? file.write(contentsOf: (head ?? Data()) + Data("\n".utf8) + reply)
        }
    }

    private struct Head: Encodable {
        let test: String
        let bytes: Int
    }
}
