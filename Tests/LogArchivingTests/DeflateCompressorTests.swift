// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import LogArchiving
import TestServers
import Testing

@Suite("Compression")
struct DeflateCompressorTests {
    @Test("a block becomes a member, and consecutive members one file, for gzip and for zlib")
    func members() async throws {
        let compressor = DeflateCompressor()
        let blocks = [Array("first\n".utf8), [], [UInt8](repeating: 65, count: 300_000), Array("last\n".utf8)]
        let file = blocks.flatMap(compressor.compress)
        #expect(try await Gunzip.run(file) == Array(blocks.joined()))
        let python = [
            "/usr/bin/python3", "-c", "import gzip,sys; sys.stdout.buffer.write(gzip.open(sys.argv[1]).read())",
        ]
        #expect(try await Gunzip.run(file, python) == Array(blocks.joined()))
        #expect(try await Gunzip.run(compressor.compress([])).isEmpty)
    }

    @Test("every level is lossless; levels above the last are the last")
    func levels() async throws {
        let block = (0..<5000).flatMap { Array("line \($0 % 97) of a log\n".utf8) }
        for level in DeflateCompressor.levels {
            let compressed = DeflateCompressor(level: level).compress(block)
            #expect(compressed.count < block.count / 4)
            #expect(try await Gunzip.run(compressed) == block)
        }
        #expect(DeflateCompressor(level: 99).compress(block) == DeflateCompressor(level: 12).compress(block))
        #expect(DeflateCompressor(level: -1).compress(block) == DeflateCompressor(level: 1).compress(block))
    }

    @Test("compression is lossless for any bytes, on many threads at once")
    func anyBytes() async throws {
        let compressor = DeflateCompressor(level: 4)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for seed in 0..<12 {
                group.addTask {
                    var random = SeededGenerator(state: UInt64(seed))
                    var input: [UInt8] = []
                    var output: [UInt8] = []
                    for _ in 0..<Int.random(in: 1...5, using: &random) {
                        let block = Self.anyBlock(&random)
                        input += block
                        output += compressor.compress(block)
                    }
                    let back = try await Gunzip.run(output)
                    #expect(back == input, "seed \(seed)")
                }
            }
            try await group.waitForAll()
        }
    }

    /// Returns noise, runs and text, of lengths around the relevant limits.
    private static func anyBlock(_ random: inout SeededGenerator) -> [UInt8] {
        let length = [0, 1, 2, 300, 32_767, 65_536, 200_000].randomElement(using: &random) ?? 0
        let letters = [1, 4, 64, 256].randomElement(using: &random) ?? 1
        var block: [UInt8] = []
        while block.count < length { withUnsafeBytes(of: random.next()) { block += $0 } }
        let mask = UInt8(letters - 1)
        return block.prefix(length).map { $0 & mask }
    }
}

/// SplitMix64: the same numbers for the same seed.
private struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
