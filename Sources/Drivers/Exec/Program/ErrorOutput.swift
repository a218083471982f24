// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Logging

/// Logs a driver program's standard error, with rate limits.
struct ErrorOutput {
    typealias Instant = ContinuousClock.Instant

    /// The most lines logged per second.
    static let greatestLines = 50
    /// The most bytes read per second.
    static let greatestBytes = 1 << 20
    /// The most bytes of a line.
    static let lineLimit = 2048

    private let logger: Logger
    private var splitter = LineSplitter(limit: lineLimit)
    private var window: (began: Instant, bytes: Int, lines: Int)

    private var last: (line: String, time: Instant)?

    init(_ logger: Logger, now: Instant) {
        self.logger = logger
        window = (now, 0, 0)
    }

    /// Returns when reading may continue; nil for now.
    ///
    /// Until then, a program that prints more is blocked.
    func pause(at now: Instant) -> Instant? {
        let end = window.began + .seconds(1)
        return window.bytes > Self.greatestBytes && now < end ? end : nil
    }

    /// Adds the next bytes.
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

    /// Handles the end of the stream.
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
        last = (PrintableText.line(text, atMost: 160), .now)
        if isLogged { logger.info("driver program", metadata: ["exec.stderr": "\(text)"]) }
    }

    /// The last line, printable and short, if it is recent: an older one does not explain the program's end.
    var lastWords: String? {
        guard let last, .now - last.time < .seconds(1) else { return nil }
        return last.line
    }

    private func reportDropped() {
        let dropped = window.lines - Self.greatestLines
        guard dropped > 0 else { return }
        logger.warning("driver program's standard error dropped in part", metadata: ["exec.lines": "\(dropped)"])
    }
}
