// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import SteelyardSystem

/// What a session's thread does: it starts the program, carries lines to and fro, and ends the program.
struct ProgramLoop {
    typealias Instant = ContinuousClock.Instant

    /// The most bytes of a line from the program.
    static let lineLimit = 8 << 20
    /// How long the end of a program may come after the end of its standard output.
    private static let endDelay = Duration.milliseconds(500)

    private let session: ProgramSession
    private let command: ChildProcess.Command
    private let limits: TimeLimits
    private let logger: Logger
    private var lines = LineSplitter(limit: lineLimit)
    private var errors: ErrorOutput
    /// How the program has ended.
    private var ended: ChildProcess.Status?

    init(_ session: ProgramSession, _ command: ChildProcess.Command, _ limits: TimeLimits, _ logger: Logger) {
        self.session = session
        self.command = command
        self.limits = limits
        self.logger = logger
        errors = ErrorOutput(logger, now: .now)
    }

    mutating func run(_ wakeup: Wakeup) {
        defer { session.noteOver() }
        let streams: ChildConversation
        do throws(ChildProcessError) { streams = try ChildConversation(command, wakeup: wakeup) } catch {
            session.end(.failed("cannot be started: \(error)"))
            return
        }
        let processID = streams.child.handle.processID
        session.noteStart(processID)
        logger.debug("driver program started", metadata: ["process.id": "\(processID)"])
        talk(streams)
        let status = finish(streams)
        logger.debug(
            "driver program ended",
            metadata: ["process.id": "\(processID)", "exec.status": "\(status.map(\.description) ?? "unknown")"]
        )
    }

    /// Carries lines until the session is to end.
    private mutating func talk(_ streams: ChildConversation) {
        while true {
            let step = session.nextStep()
            guard step.end == nil else { return }
            let pause = errors.pause(at: .now)
            let events = streams.wait(
                writes: step.unsent != nil,
                readsError: pause == nil,
                until: [step.deadline, pause].compactMap(\.self).min()
            )
            if events.canReadError { readErrors(streams) }
            if events.canReadOutput, !readOutput(streams) { return endOfOutput(streams) }
            if events.canWrite, let unsent = step.unsent {
                // A program that reads no more is about to end; the end of its output follows.
                guard let count = streams.write(unsent) else { return endOfOutput(streams) }
                session.noteSent(count)
            }
            if events.hasEnded, !events.canReadOutput { return endOfOutput(streams) }
        }
    }

    /// Names the reason why the program says nothing more.
    private mutating func endOfOutput(_ streams: ChildConversation) {
        let deadline = Instant.now + Self.endDelay
        var status = streams.child.waitForEndOfGroup(by: .after(.zero))
        while status == nil, Instant.now < deadline {
            let events = streams.wait(writes: false, readsError: errors.pause(at: .now) == nil, until: deadline)
            if events.canReadOutput { _ = readOutput(streams) }
            if events.canReadError { readErrors(streams) }
            status = streams.child.waitForEndOfGroup(by: .after(.zero))
        }
        // What it has printed before its end.
        while errors.pause(at: .now) == nil, case .bytes(let bytes) = streams.read(.error) {
            errors.add(bytes, at: .now)
        }
        guard let status else {
            session.end(.failed("closed its standard input or output and did not end"))
            return
        }
        ended = status
        session.end(.failed("ended (\(status)\(errors.lastWords.map { ", having printed \"\($0)\"" } ?? ""))"))
    }

    /// Ends the program: by the end of its input, by SIGTERM, by SIGKILL.
    private mutating func finish(_ streams: ChildConversation) -> ChildProcess.Status? {
        streams.closeInput()
        var isOrderly = false
        if case .stopped? = session.nextStep().end { isOrderly = true }
        if ended == nil, isOrderly { ended = drain(streams, within: limits.exit) }
        if ended == nil {
            streams.child.send(SIGTERM)
            ended = drain(streams, within: limits.termination)
        }
        if ended == nil {
            logger.warning("driver program does not end; it is killed")
            streams.child.kill()
            ended = drain(streams, within: .seconds(5))
        }
        errors.end()
        return ended
    }

    /// Waits for the end of the program, and drops what it prints to standard output.
    private mutating func drain(_ streams: ChildConversation, within limit: Duration) -> ChildProcess.Status? {
        let deadline = Instant.now + limit
        while true {
            if let status = streams.child.waitForEndOfGroup(by: .after(.zero)) { return status }
            guard Instant.now < deadline else { return nil }
            let pause = errors.pause(at: .now)
            let events = streams.wait(
                writes: false,
                readsError: pause == nil,
                until: min(deadline, pause ?? deadline)
            )
            if events.canReadOutput { _ = streams.read(.output) }
            if events.canReadError { readErrors(streams) }
        }
    }

    /// Reads what has come; false at the end of the output.
    private mutating func readOutput(_ streams: ChildConversation) -> Bool {
        switch streams.read(.output) {
        case .nothingYet: return true
        case .end: return false
        case .bytes(let bytes):
            for line in lines.add(bytes) {
                switch line {
                case .whole(let line): session.receive(line)
                case .cut: session.end(.failed("sent a line of more than \(Self.lineLimit) bytes"))
                }
            }
            return true
        }
    }

    private mutating func readErrors(_ streams: ChildConversation) {
        if case .bytes(let bytes) = streams.read(.error) { errors.add(bytes, at: .now) }
    }
}
