// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging

/// Logs what a driver program prints to its standard error, in bounded amounts.
struct ErrorOutput {
    typealias Instant = ContinuousClock.Instant

    /// The most lines that are logged in a second.
    static let greatestLines = 50
    /// The most bytes that are read in a second.
    static let greatestBytes = 1 << 20
    /// The most bytes of a line.
    static let lineLimit = 2048

    private let logger: Logger
    private var splitter = LineSplitter(limit: lineLimit)
    private var window: (began: Instant, bytes: Int, lines: Int)
    /// The last line that was not empty, printable and short; nil where there was none.
    private(set) var lastLine: String?

    init(_ logger: Logger, now: Instant) {
        self.logger = logger
        window = (now, 0, 0)
    }

    /// When more may be read; nil for now.
    ///
    /// Until then, a program that prints more has to wait.
    func pause(at now: Instant) -> Instant? {
        let end = window.began + .seconds(1)
        return window.bytes > Self.greatestBytes && now < end ? end : nil
    }

    /// Takes the next piece.
    mutating func add(_ piece: ArraySlice<UInt8>, at now: Instant) {
        if now - window.began >= .seconds(1) {
            reportDropped()
            window = (now, 0, 0)
        }
        window.bytes += piece.count
        for line in splitter.add(piece) {
            switch line {
            case .whole(let bytes): log(bytes)
            case .cut(let bytes): log(bytes)
            }
        }
    }

    /// Takes note of the end.
    mutating func end() {
        if let bytes = splitter.end() { log(bytes) }
        reportDropped()
        window.lines = 0
    }

    private mutating func log(_ bytes: [UInt8]) {
        window.lines += 1
        let isLogged = window.lines <= Self.greatestLines
        let text = PrintableText.line(String(decoding: bytes, as: UTF8.self), atMost: isLogged ? Self.lineLimit : 160)
        guard text.contains(where: { $0 != " " }) else { return }
        lastLine = PrintableText.line(text, atMost: 160)
        if isLogged { logger.info("driver program", metadata: ["exec.stderr": "\(text)"]) }
    }

    private func reportDropped() {
        let dropped = window.lines - Self.greatestLines
        guard dropped > 0 else { return }
        logger.warning("lines of the driver program's standard error dropped", metadata: ["exec.lines": "\(dropped)"])
    }
}
