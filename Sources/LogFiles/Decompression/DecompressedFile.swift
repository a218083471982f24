// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Decompresses a file from start to end, in constant memory.
final class DecompressedFile {
    private static let inputSize = 64 << 10

    private let file: LogDescriptor
    private let compression: Compression
    private let size: UInt64
    private let decompressor: any Decompressor
    private var input: [UInt8] = []
    private var used = 0
    private var next: UInt64 = 0

    init(_ file: LogDescriptor, _ compression: Compression, size: UInt64) throws(LogFileError) {
        self.file = file
        self.compression = compression
        self.size = size
        do throws(DecompressionError) { decompressor = try compression.makeDecompressor() } catch {
            throw Self.error(file, compression, error)
        }
    }

    /// The number of bytes read from the file.
    var position: UInt64 { next - UInt64(input.count - used) }

    /// Decompresses the next bytes.
    ///
    /// - Returns: The number of bytes; 0 at the end.
    func read(into output: UnsafeMutableRawBufferPointer) throws(LogFileError) -> Int {
        while true {
            if used == input.count { try fill() }
            let isAtEnd = input.isEmpty
            // A file of 0 bytes was truncated or has just been created.
            if isAtEnd, decompressor.mayEnd || size == 0 { return 0 }
            let step: DecompressionStep
            do throws(DecompressionError) {
                step = try unsafe input.span.withUnsafeBytes { bytes throws(DecompressionError) in
                    try unsafe decompressor.decompress(UnsafeRawBufferPointer(rebasing: bytes[used...]), into: output)
                }
                used += step.consumed
                if step.produced > 0 { return step.produced }
                // The decompressor may hold output that needs no more input.
                guard !isAtEnd || decompressor.mayEnd else { throw .truncated }
            } catch { throw Self.error(file, compression, error) }
        }
    }

    /// Reads to the end.
    ///
    /// - Returns: The number of bytes, decompressed.
    func readToEnd() throws(LogFileError) -> UInt64 {
        var piece = [UInt8](repeating: 0, count: Self.inputSize)
        var length: UInt64 = 0
        while true {
            let count = try read(into: &piece)
            guard count > 0 else { return length }
            length += UInt64(count)
        }
    }

    /// Decompresses the next bytes into an array.
    func read(into piece: inout [UInt8]) throws(LogFileError) -> Int {
        var span = piece.mutableSpan
        return try unsafe span.withUnsafeMutableBytes { buffer throws(LogFileError) in try unsafe read(into: buffer) }
    }

    /// Returns the start of a file's content, and the number of NULs before it.
    ///
    /// - Throws: `LogFileError` if nothing can be read. Damage after the returned bytes is no error.
    static func head(
        of file: LogDescriptor,
        _ compression: Compression,
        atMost limit: Int
    ) throws(LogFileError) -> (start: UInt64, head: [UInt8]) {
        let stream = try DecompressedFile(file, compression, size: file.status.size)
        var piece = [UInt8](repeating: 0, count: inputSize)
        var start: UInt64 = 0
        var head: [UInt8] = []
        do throws(LogFileError) {
            while head.count < limit {
                let count = try stream.read(into: &piece)
                guard count > 0 else { break }
                let first = head.isEmpty ? piece[..<count].firstIndex { $0 != 0 } ?? count : 0
                if head.isEmpty { start += UInt64(first) }
                head += piece[first..<count].prefix(limit - head.count)
            }
        } catch {
            if head.isEmpty { throw error }
        }
        return (start, head)
    }

    private func fill() throws(LogFileError) {
        let count = Int(min(UInt64(Self.inputSize), size - min(next, size)))
        used = 0
        input = count == 0 ? [] : try file.read(at: next, atMost: count)
        next += UInt64(input.count)
    }

    private static func error(
        _ file: LogDescriptor,
        _ compression: Compression,
        _ error: DecompressionError
    ) -> LogFileError {
        LogFileError(
            file.path,
            "\(error.reason(compression)); repair it or move it to another directory",
            isTruncated: error == .truncated
        )
    }
}
