// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The three standard streams of this process.
package enum StandardStreams {
    /// Opens `/dev/null` for each stream that the parent process has closed.
    ///
    /// Otherwise the next file or socket would get its number, and the log would be written to it.
    package static func open() {
        for stream in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(stream, F_GETFD) < 0 {
            // The lowest free descriptor is this one.
            _ = unsafe Glibc.open("/dev/null", O_RDWR)
        }
    }
}
