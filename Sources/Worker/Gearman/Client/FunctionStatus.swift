// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A function's entry in a job server's list of functions.
///
/// The list is the response to the text command `status`: one line per function, with its name and the numbers of its
/// jobs, running jobs and workers, and a final line with a dot.
struct FunctionStatus: Hashable, Sendable {
    /// A server with 100,000 functions returns about 3 MB.
    private static let greatestList = 64 << 20

    /// The number of workers that have registered the function.
    let workerCount: Int

    /// Queries a server; an unknown function has no workers.
    ///
    /// - Throws: `ConnectionError`, also for a malformed list.
    init(
        of function: String,
        at server: GearmanServer,
        tls: TLSContextSource?,
        by deadline: ContinuousClock.Instant
    ) throws(ConnectionError) {
        let socket = try BlockingSocket(server, tls: tls, by: deadline)
        var command = PacketBuffer()
        command.append(text: "status\n")
        try socket.send(&command, by: deadline)
        var list: [UInt8] = []
        while !Self.isComplete(list) {
            guard list.count <= Self.greatestList else { throw ConnectionError("the list of functions is too long") }
            guard let bytes = try socket.receive(by: deadline) else { throw .noAnswer }
            list += bytes
        }
        workerCount = Self.workerCount(of: function, in: list)
    }

    static func isComplete(_ list: [UInt8]) -> Bool {
        list.suffix(3).elementsEqual(Array("\n.\n".utf8)) || list.elementsEqual(Array(".\n".utf8))
    }

    static func workerCount(of function: String, in list: [UInt8]) -> Int {
        let name = Array(function.utf8)
        let line = list.split(separator: UInt8(ascii: "\n")).first { line in
            line.starts(with: name) && line.dropFirst(name.count).first == UInt8(ascii: "\t")
        }
        let count = line?.split(separator: UInt8(ascii: "\t")).last.flatMap { Int(String(decoding: $0, as: UTF8.self)) }
        return count ?? 0
    }
}
