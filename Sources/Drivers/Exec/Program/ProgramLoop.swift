// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import SteelyardSystem

/// The work of a session's thread: it starts the program, transfers lines in both directions, and stops the program.
struct ProgramLoop {
    typealias Instant = ContinuousClock.Instant

    /// The most bytes of a line from the program.
    static let lineLimit = 8 << 20
    /// The longest time between the end of the program's standard output and its own end.
    private static let endDelay = Duration.milliseconds(500)

    private let session: ProgramSession
    private let command: ChildProcess.Command
    private let limits: TimeLimits
    private let logger: Logger
    private var lines = LineSplitter(limit: lineLimit)
    private var errors: ErrorOutput
    /// The exit status of the program.
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

    /// Transfers lines until the session ends.
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
                // A program that no longer reads is about to end; the end of its output follows.
                guard let count = streams.write(unsent) else { return endOfOutput(streams) }
                session.noteSent(count)
            }
            if events.hasEnded, !events.canReadOutput { return endOfOutput(streams) }
        }
    }

    /// Determines why the program's output has ended.
    private mutating func endOfOutput(_ streams: ChildConversation) {
        let deadline = Instant.now + Self.endDelay
        var status = streams.child.waitForEndOfGroup(by: .after(.zero))
        while status == nil, Instant.now < deadline {
            let events = streams.wait(writes: false, readsError: errors.pause(at: .now) == nil, until: deadline)
            if events.canReadOutput { _ = readOutput(streams) }
            if events.canReadError { readErrors(streams) }
            status = streams.child.waitForEndOfGroup(by: .after(.zero))
        }
        // Read the error output that it printed before it ended.
        while errors.pause(at: .now) == nil, case .bytes(let bytes) = streams.read(.error) {
            errors.add(bytes, at: .now)
        }
        guard let status else {
            session.end(.failed("closed its standard input or output and did not end"))
            return
        }
        ended = status
        session.end(.failed("ended (\(status)\(errors.lastWords.map { "; last output: \"\($0)\"" } ?? ""))"))
    }

    /// Stops the program: by closing its standard input, then SIGTERM, then SIGKILL.
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
            logger.warning("driver program does not stop; killing it")
            streams.child.kill()
            ended = drain(streams, within: .seconds(5))
        }
        errors.end()
        return ended
    }

    /// Waits for the end of the program, and drops its standard output.
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

    /// Reads the available output; returns false at its end.
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
