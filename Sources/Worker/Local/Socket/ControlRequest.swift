// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// A request on the control socket.
///
/// A client connects, sends one request, ends its output, and reads the answer to its end. The request is the word
/// `status`, which a newline may follow, and is answered with a ``StatusReport`` in JSON; or it is a message, as a job
/// server has it, and is answered with the reply.
enum ControlRequest: Hashable, Sendable {
    case status
    case message([UInt8])

    /// The name of the socket in the state directory.
    static let socketName = "control.sock"
    private static let statusWord = Array("status".utf8)

    init(_ bytes: [UInt8]) {
        let isStatus =
            bytes.last == UInt8(ascii: "\n") ? bytes.dropLast() == Self.statusWord[...] : bytes == Self.statusWord
        self = isStatus ? .status : .message(bytes)
    }

    var bytes: [UInt8] {
        switch self {
        case .status: Self.statusWord
        case .message(let message): message
        }
    }
}
