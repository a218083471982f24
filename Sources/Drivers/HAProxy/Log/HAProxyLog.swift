// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import SteelyardCore
import SystemPackage

/// The log as it was when it was opened: its size is fixed, and its descriptor keeps what is removed later.
final class HAProxyLog: OpenedLog {
    let byteCount: UInt64
    private let descriptor: FileDescriptor?
    private let metered: MeteredProtocol

    /// Opens the log; one that is not there has no lines.
    ///
    /// - Throws: `DriverError` with the code `logUnavailable` where it is there and cannot be opened.
    init(_ path: FilePath, _ metered: MeteredProtocol) throws(DriverError) {
        self.metered = metered
        do {
            let descriptor = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec])
            do { byteCount = UInt64(try descriptor.seek(offset: 0, from: .end)) } catch {
                try? descriptor.close()
                throw error
            }
            self.descriptor = descriptor
        } catch {
            guard error as? Errno == .noSuchFileOrDirectory else {
                throw DriverError(.logUnavailable, "cannot open HAProxy's log \(path): \(error)")
            }
            descriptor = nil
            byteCount = 0
        }
    }

    deinit { try? descriptor?.close() }

    func makeReader() throws(DriverError) -> any LogReader { HAProxyLogReader(self, LogLineSelector(metered)) }

    /// Reads a piece.
    ///
    /// - Returns: Nothing at the end, also where the file has become shorter since.
    func read(at position: UInt64, atMost count: Int) throws(DriverError) -> [UInt8] {
        let wanted = Int(min(UInt64(count), byteCount - min(position, byteCount)))
        guard let descriptor, wanted > 0 else { return [] }
        do {
            return try unsafe [UInt8](unsafeUninitializedCapacity: wanted) { buffer, filled in
                filled = try unsafe descriptor.read(
                    fromAbsoluteOffset: Int64(position),
                    into: UnsafeMutableRawBufferPointer(buffer)
                )
            }
        } catch {
            throw DriverError(.logUnavailable, "cannot read HAProxy's log: \(error)")
        }
    }
}
