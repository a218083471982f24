// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// A log that a driver program has opened; readable as long as that program runs.
final class ExecLog: OpenedLog {
    let byteCount: UInt64
    let leftOut: [LeftOutLog]
    private let session: ProgramSession
    private let id: Int
    private let timeout: Duration

    /// Parses the result of `open_log`.
    ///
    /// - Throws: `ProtocolFault` if a member is missing or invalid.
    init(_ session: ProgramSession, _ result: JSONValue, _ timeout: Duration) throws(ProtocolFault) {
        guard let id = result.member("log")?.wholeNumber, let count = result.member("byte_count")?.wholeNumber,
            count >= 0
        else { throw ProtocolFault("answered 'open_log' without log and byte_count, whole numbers") }
        self.id = id
        byteCount = UInt64(count)
        leftOut = (result.member("left_out")?.list ?? []).prefix(100).compactMap { entry in
            guard let file = entry.member("file")?.string, let reason = entry.member("reason")?.string else {
                return nil
            }
            return LeftOutLog(file: PrintableText.line(file), reason: PrintableText.line(reason))
        }
        self.session = session
        self.timeout = timeout
    }

    deinit { session.notify(.closeLog, [.init("log", .integer(Int64(id)))]) }

    /// Creates a reader at the log's first line.
    func makeReader(of parts: [LogPart]) throws(DriverError) -> any LogReader { ExecLogReader(self, parts) }

    /// Reads the piece at an offset; blocks until the program has responded.
    func read(from offset: Int) throws(DriverError) -> LogPiece {
        let members: [JSONFragment.Member] = [
            .init("log", .integer(Int64(id))), .init("offset", .integer(Int64(offset))),
        ]
        let request = Request(method: .readLog, members: members, timeout: timeout)
        let result: JSONValue
        do throws(CallFailure) { result = try session.callBlocking(request).get() } catch {
            if case .answered = error { throw error.driverError() }
            throw DriverError(.logUnavailable, "\(error.driverError().message); send the ARCHIVE again")
        }
        do throws(ProtocolFault) { return try LogPiece(result, after: offset, of: byteCount) } catch {
            throw DriverError(.logUnavailable, "the driver program \(error)")
        }
    }
}
