// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

@testable import SteelyardWorker

extension FuzzTarget {
    /// Packets of a job server to `send`: those of a job, and its list of functions.
    static let gearmanClient = FuzzTarget(name: "gearman-client") { bytes in
        let input = ControlledInput(bytes)
        let whole = read(JobServerPackets.pieces(of: input, areWhole: true))
        let cut = read(JobServerPackets.pieces(of: input, areWhole: false))
        try FuzzFailure.requireEqual(whole.record, cut.record, "splitting the bytes changes nothing")
        for case .workStatus(_, let progress) in whole.packets { try checkBar(progress) }
        let list = Array(input.content)
        _ = FunctionStatus.isComplete(list)
        for function in ["device", "", "\t", "é"] { _ = FunctionStatus.workerCount(of: function, in: list) }
    }

    /// The limit of `GearmanClient`.
    private static let greatestReply = 2 << 30

    private static func read(_ pieces: [[UInt8]]) -> (packets: [ServerPacket], record: [String]) {
        var decoder = GearmanPacketDecoder(payloadLimit: 0, bodyLimit: greatestReply)
        var wait = JobWait(handle: Array("H:a:1".utf8))
        var packets: [ServerPacket] = []
        var record: [String] = []
        do {
            for piece in pieces {
                decoder.append(piece)
                while let packet = try decoder.next() {
                    packets.append(packet)
                    record.append("\(packet)")
                    if let reply = try wait.take(packet) { record.append("reply \(reply)") }
                    record.append("\(wait.isRunning)")
                }
            }
        } catch { record.append("\(error)") }
        wait.end()
        return (packets, record)
    }

    private static func checkBar(_ progress: JobProgress) throws {
        guard progress.denominator > 0 else { return }
        for seconds in [Duration.zero, .nanoseconds(1), .milliseconds(1001), .seconds(90_000)] {
            for isInBytes in [true, false] {
                let text = ProgressBar.text(
                    progress.numerator,
                    of: progress.denominator,
                    isInBytes: isInBytes,
                    after: seconds
                )
                try FuzzFailure.require(
                    text.utf8.count <= 120 && text.utf8.allSatisfy { 0x20...0x7E ~= $0 },
                    "the progress bar fits a line: \(text)"
                )
            }
        }
    }
}
