// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SystemPackage

/// The address of a socket in the file system, which may have a path that is longer than an address can hold.
///
/// A long path is reached through the descriptor of its folder: `/proc/self/fd/7/control.sock`.
final class LocalSocketAddress {
    private static let capacity = MemoryLayout.size(ofValue: sockaddr_un().sun_path)

    private let path: String
    private let folder: FileDescriptor?

    init(_ path: FilePath) throws(Errno) {
        guard path.string.utf8.count >= Self.capacity, let name = path.lastComponent else {
            (self.path, folder) = (path.string, nil)
            return
        }
        let descriptor: FileDescriptor
        do {
            let parent = path.removingLastComponent()
            descriptor = try FileDescriptor.open(parent, .readOnly, options: [.closeOnExec, .directory])
        } catch { throw error as? Errno ?? .ioError }
        folder = descriptor
        self.path = "/proc/self/fd/\(descriptor.rawValue)/\(name.string)"
        guard self.path.utf8.count < Self.capacity else { throw .fileNameTooLong }
    }

    deinit { try? folder?.close() }

    /// - Returns: What `bind` does.
    func bind(_ descriptor: Int32) -> Int32 { unsafe withAddress { unsafe Glibc.bind(descriptor, $0, $1) } }

    /// - Returns: What `connect` does.
    func connect(_ descriptor: Int32) -> Int32 { unsafe withAddress { unsafe Glibc.connect(descriptor, $0, $1) } }

    private func withAddress(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { buffer in unsafe buffer.copyBytes(from: bytes) }
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe body(pointer, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
