// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// What a job server's list of functions says of one of them.
///
/// The list is that of the text command `status`: a line for each function, with its name, the number of its jobs,
/// of those that run, and of its workers, and a line with a dot at the end.
struct FunctionStatus: Hashable, Sendable {
    /// A server with 100,000 functions has some 3 MB.
    private static let greatestList = 64 << 20

    /// How many workers have registered the function.
    let workerCount: Int

    /// Asks a server; a function that it does not know has no workers.
    ///
    /// - Throws: `ConnectionError`, also where the answer is no such list.
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
            guard list.count <= Self.greatestList else { throw ConnectionError("its list of functions has no end") }
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
