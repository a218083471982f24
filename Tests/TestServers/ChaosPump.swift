// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Relays the bytes of one connection through a ``ChaosProxy``; used on one thread.
struct ChaosPump {
    /// Whether the connection has ended.
    private(set) var isOver = false
    private let worker: LoopbackSocket
    private let server: LoopbackSocket
    private var toServer: ChaosLane
    private var toWorker: ChaosLane
    private var tap = ChaosPacketTap()
    private let onDamage: (String) -> Void

    /// - Parameter onDamage: Receives the handle of a job that is assigned by a damaged packet, or after one, before
    ///   the worker receives the packet.
    init(worker: LoopbackSocket, server: LoopbackSocket, onDamage: @escaping (String) -> Void) {
        self.onDamage = onDamage
        self.worker = worker
        self.server = server
        toServer = ChaosLane(from: worker.descriptor, to: server.descriptor)
        toWorker = ChaosLane(from: server.descriptor, to: worker.descriptor)
    }

    private var isSilent: Bool { toServer.isSilent || toWorker.isSilent }

    mutating func strike(_ fault: ChaosFault) {
        switch fault {
        case .reset: reset()
        case .close:
            toServer.shut()
            toWorker.shut()
            isOver = true
        case .halfClose(.toWorker): toWorker.shut()
        case .halfClose(.toServer):
            // The server assigns the connection's jobs to another one: a queued assignment would be stale.
            toWorker.drop()
            toServer.shut()
        case .resetAfter(let count, .toServer): toServer.resetAfter = count
        case .resetAfter(let count, .toWorker): toWorker.resetAfter = count
        case .silence(let directions):
            if directions.contains(.toServer) { toServer.isSilent = true }
            if directions.contains(.toWorker) { toWorker.isSilent = true }
        case .corrupt(let corruption): tap.corruption = corruption
        }
    }

    /// Waits until bytes can be relayed or an order arrives, and relays them.
    mutating func step(_ link: ChaosLink, wake: Int32) {
        var entries = [pollfd(fd: wake, events: Int16(POLLIN), revents: 0)]
        let isStalled = link == .stalled
        let now = ContinuousClock.now
        for (socket, reading, writing) in [(worker, toServer, toWorker), (server, toWorker, toServer)] {
            var events: Int16 = 0
            if reading.mayRead { events |= Int16(POLLIN) }
            if let due = writing.due, due <= now { events |= Int16(POLLOUT) }
            // Even without events, poll would report an end repeatedly.
            entries.append(pollfd(fd: events == 0 || isStalled ? -1 : socket.descriptor, events: events, revents: 0))
        }
        let dues = isStalled ? [] : [toServer.due, toWorker.due].compactMap { $0 }.filter { $0 > now }
        let wait = dues.min().map { Int32(clamping: Int(($0 - now) / .milliseconds(1)) + 1) } ?? -1
        guard poll(&entries, 3, wait) >= 0 || errno == EINTR else { return reset() }
        if entries[0].revents != 0 {
            // Bytes that arrived after an order are relayed after it.
            _ = LoopbackSocket.drain(wake)
            return
        }
        guard !isStalled else { return }
        if entries[1].revents != 0 { readWorker(link) }
        if entries[2].revents != 0, !isOver { readServer(link) }
        if !isOver { write() }
    }

    private mutating func readWorker(_ link: ChaosLink) {
        guard toServer.mayRead else { return }
        if toServer.read(link) == .broken { return reset() }
    }

    private mutating func readServer(_ link: ChaosLink) {
        guard toWorker.mayRead else { return }
        let result = toWorker.read(link) { tap.pass($0) }
        for handle in tap.takeDamagedHandles() { onDamage(handle) }
        // In a silent direction, the worker must not notice that the server's connection broke.
        if result == .broken, !toWorker.isSilent { reset() }
    }

    private mutating func write() {
        let now = ContinuousClock.now
        if toWorker.write(at: now) == .broken { return reset() }
        if toServer.write(at: now) == .broken, !isSilent { return reset() }
        if toServer.hasEnded, isSilent {
            isOver = true
            return
        }
        if toServer.hasEnded, toServer.isDrained { toServer.shut() }
        if toWorker.hasEnded, toWorker.isDrained, !toWorker.isSilent { toWorker.shut() }
        if toServer.hasEnded, toWorker.hasEnded, toServer.isDrained, toWorker.isDrained { isOver = true }
    }

    private mutating func reset() {
        isOver = true
        for socket in [worker, server] { socket.resetAtClose() }
    }
}
