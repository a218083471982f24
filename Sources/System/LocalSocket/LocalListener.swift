// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SystemPackage

/// A socket in the file system that takes connections from processes of this device.
///
/// The file has the mode 600, and is removed by ``stop()``.
package final class LocalListener: Sendable {
    private static let backlog: Int32 = 16

    private let path: FilePath
    private let descriptor: Int32
    private let wakeup: Wakeup

    /// Listens; a file that has the name, such as the socket of a process that was killed, is replaced.
    ///
    /// - Throws: `FileError` if the socket cannot be made.
    package init(_ path: FilePath) throws(FileError) {
        self.path = path
        do throws(Errno) {
            wakeup = try Wakeup()
            let address = try LocalSocketAddress(path)
            descriptor = try LocalSocket.make()
            unsafe unlink(path.string)
            // Not before listen() can another process connect: the mode is right by then.
            guard address.bind(descriptor) == 0,
                unsafe chmod(path.string, S_IRUSR | S_IWUSR) == 0,
                listen(descriptor, Self.backlog) == 0
            else { throw Errno(rawValue: errno) }
        } catch { throw FileError("listen at", path, error) }
    }

    deinit { close(descriptor) }

    /// Waits for the next connection.
    ///
    /// - Returns: nil after ``stop()``.
    package func accept() -> LocalSocket? {
        while true {
            var waited = [
                pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: wakeup.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            _ = unsafe poll(&waited, nfds_t(waited.count), -1)
            if waited[1].revents != 0 { return nil }
            guard waited[0].revents != 0 else { continue }
            let accepted = Glibc.accept(descriptor, nil, nil)
            guard accepted >= 0 else {
                // Without a free descriptor the client stays in the queue: to ask again at once would take a processor.
                if errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS { waitAfterShortage() }
                continue
            }
            _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
            return LocalSocket(accepted: accepted)
        }
    }

    /// Removes the file, and has ``accept()`` return nil from now on.
    package func stop() {
        unsafe unlink(path.string)
        wakeup.wake()
    }

    private func waitAfterShortage() {
        var waited = pollfd(fd: wakeup.descriptor, events: Int16(POLLIN), revents: 0)
        _ = unsafe poll(&waited, 1, 1000)
    }
}
