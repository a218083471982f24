// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import Glibc
import SteelyardCore

/// The last line of `send` on a terminal: PASS, or FAIL with the reason.
struct ReplyVerdict {
    private static let green = "\u{1B}[32m"
    private static let red = "\u{1B}[31m"
    private static let plain = "\u{1B}[0m"

    /// The line without colours.
    let text: String
    private let isPass: Bool

    /// - Parameter reply: The reply; nil if it is not JSON.
    init(_ reply: JSONDocument?) {
        isPass = reply?.root.string(of: "hpcs_response") == "PASS"
        guard let reply, !isPass else {
            text = isPass ? "PASS" : "FAIL the reply is not JSON"
            return
        }
        let code = reply.root.string(of: "hpcs_error_code").map { " \($0):" } ?? ""
        text = "FAIL\(Excerpt.line(code)) \(Excerpt.line(reply.root.string(of: "hpcs_error") ?? "without a reason"))"
    }

    /// Prints a reply: over several lines on a terminal, with a last line that says PASS or FAIL.
    ///
    /// - Parameter isIndented: Whether to print it over several lines elsewhere, too.
    /// - Throws: An exit with the code 1 for a FAIL, and 74 if it cannot be written.
    static func show(_ reply: [UInt8], isIndented: Bool = false) throws {
        let document = try? JSONDocument(reply)
        let text = isIndented || isatty(STDOUT_FILENO) == 1 ? document.map { Array($0.indented.utf8) } : nil
        try Program.write((text ?? reply) + [UInt8(ascii: "\n")])
        ReplyVerdict(document).show()
        guard Submission.isPass(reply) else { throw ExitCode.failure }
    }

    /// Prints the line to standard error if that is a terminal, in colours unless `NO_COLOR` is set.
    private func show() {
        guard isatty(STDERR_FILENO) == 1 else { return }
        let isColoured = ProcessInfo.processInfo.environment["NO_COLOR", default: ""].isEmpty
        let line = isColoured ? "\(isPass ? Self.green : Self.red)\(text)\(Self.plain)\n" : text + "\n"
        _ = unsafe Array(line.utf8).withUnsafeBytes { unsafe Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
