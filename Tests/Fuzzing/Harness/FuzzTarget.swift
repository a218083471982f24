// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A parser of external bytes, with properties that hold for every input.
///
/// A test runs it on its corpus; libFuzzer runs it on mutations of the corpus.
struct FuzzTarget: Sendable, CustomStringConvertible {
    /// The name of the target and of its corpus folder.
    let name: String
    /// Processes an input; it must not trap, hang or leak memory.
    ///
    /// - Throws: `FuzzFailure` if a property does not hold.
    let run: @Sendable (_ input: [UInt8]) throws -> Void

    static let all: [FuzzTarget] = [
        messages, workerSession, gearmanClient, haproxyAnswers, s3Answers, logLines, gzip, xz, zstd, bzip2, stateFiles,
        configuration, rendering, execAnswers, metricsRequests,
    ]

    var description: String { name }
}
