// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SystemPackage

/// The standard input of a program, as a file.
///
/// Not a pipe: Subprocess ends the test process if a program exits before it has read all of a pipe.
package enum InputFile {
    /// Creates a file without a name, to be read from its start.
    ///
    /// - Throws: `Errno`.
    package static func open(_ bytes: [UInt8]) throws -> FileDescriptor {
        var name = Array("/tmp/steelyard-input-XXXXXX\0".utf8CString)
        let number = mkstemp(&name)
        guard number >= 0 else { throw Errno(rawValue: errno) }
        unlink(name)
        _ = fcntl(number, F_SETFD, FD_CLOEXEC)
        let descriptor = FileDescriptor(rawValue: number)
        do {
            try descriptor.writeAll(toAbsoluteOffset: 0, bytes)
        } catch {
            try? descriptor.close()
            throw error
        }
        return descriptor
    }
}
