// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import LogFiles
import SteelyardCore
import SystemPackage

/// Reads a file of gzip from its beginning to its end, in constant memory.
final class GzipFileStream {
    private static let inputSize = 64 << 10

    private let path: FilePath
    private let descriptor: FileDescriptor
    private let size: UInt64
    private var decompressor: GzipDecompressor
    private var input: [UInt8] = []
    private var used = 0
    private var next: UInt64 = 0

    init(_ path: FilePath, _ descriptor: FileDescriptor, _ size: UInt64) throws(DriverError) {
        self.path = path
        self.descriptor = descriptor
        self.size = size
        do throws(GzipError) { decompressor = try GzipDecompressor() } catch { throw Self.error(path, error) }
    }

    /// How much of the file has been read.
    var position: UInt64 { next - UInt64(input.count - used) }

    /// Decompresses some more.
    ///
    /// - Returns: How many bytes; 0 at the end.
    func read(into output: UnsafeMutableRawBufferPointer) throws(DriverError) -> Int {
        while true {
            if used == input.count { try fill() }
            if input.isEmpty {
                // A file without a byte is one that was emptied, or has just been made.
                guard decompressor.mayEnd || size == 0 else { throw Self.error(path, .truncated) }
                return 0
            }
            let step: GzipDecompressor.Step
            do throws(GzipError) {
                step = try unsafe input.span.withUnsafeBytes { bytes throws(GzipError) in
                    try unsafe decompressor.decompress(UnsafeRawBufferPointer(rebasing: bytes[used...]), into: output)
                }
            } catch {
                throw Self.error(path, error)
            }
            used += step.consumed
            if step.produced > 0 { return step.produced }
        }
    }

    private func fill() throws(DriverError) {
        let count = Int(min(UInt64(Self.inputSize), size - min(next, size)))
        used = 0
        do {
            input = try unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
                filled = try unsafe descriptor.read(
                    fromAbsoluteOffset: Int64(next),
                    into: UnsafeMutableRawBufferPointer(buffer)
                )
            }
        } catch {
            throw DriverError(.logUnavailable, "cannot read HAProxy's log \(path): \(error)")
        }
        next += UInt64(input.count)
    }

    private static func error(_ path: FilePath, _ error: GzipError) -> DriverError {
        DriverError(.logUnavailable, "cannot read HAProxy's log \(path): \(error); repair it, or move it away")
    }
}
