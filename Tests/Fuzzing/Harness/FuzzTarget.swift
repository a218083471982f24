// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A reader of bytes from outside, with what must hold for every input.
///
/// A test runs it on its corpus; libFuzzer runs it on what it makes of the corpus.
struct FuzzTarget: Sendable, CustomStringConvertible {
    /// The name, which is that of the folder of its corpus, too.
    let name: String
    /// Takes an input; it must not trap, hang or keep memory.
    ///
    /// - Throws: `FuzzFailure` where a property does not hold.
    let run: @Sendable (_ input: [UInt8]) throws -> Void

    static let all: [FuzzTarget] = [
        messages, workerSession, gearmanClient, haproxyAnswers, s3Answers, logLines, gzip, xz, zstd, bzip2, stateFiles,
        configuration, rendering, execAnswers, metricsRequests,
    ]

    var description: String { name }
}
