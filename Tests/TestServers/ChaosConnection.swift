// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// One connection of a worker through a ``ChaosProxy``, on its own thread.
final class ChaosConnection: Sendable {
    /// An order of the proxy to the connection.
    private struct Orders {
        var faults: [ChaosFault] = []
        var link: ChaosLink
        var isStopping = false
    }

    private let orders: Mutex<Orders>
    /// A pair of sockets: a byte in it makes the thread read its orders.
    private let wakeReader: LoopbackSocket
    private let wakeWriter: LoopbackSocket
    private let worker: LoopbackSocket
    private let port: Int
    private let onDamage: @Sendable (String) -> Void

    /// - Parameters:
    ///   - worker: The accepted connection.
    ///   - port: The job server's port.
    ///   - onDamage: Receives the handle of each job that is assigned by a damaged packet, or after one.
    init(
        worker: LoopbackSocket,
        port: Int,
        link: ChaosLink,
        onDamage: @escaping @Sendable (String) -> Void
    ) throws {
        var pair: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC | O_NONBLOCK, 0, &pair) == 0 else {
            throw ServerFailure("socketpair failed: errno \(errno)")
        }
        wakeReader = LoopbackSocket(descriptor: pair[0])
        wakeWriter = LoopbackSocket(descriptor: pair[1])
        orders = Mutex(Orders(link: link))
        self.worker = worker
        self.port = port
        self.onDamage = onDamage
    }

    func strike(_ fault: ChaosFault) { change { $0.faults.append(fault) } }

    func set(_ link: ChaosLink) { change { $0.link = link } }

    func stop() { change { $0.isStopping = true } }

    /// Relays the connection until it ends.
    func run() {
        // The job server is down: the worker's connection is closed at once.
        guard let server = try? LoopbackSocket.connected(to: port) else { return worker.resetAtClose() }
        for socket in [worker, server] { socket.makeNonBlocking() }
        var pump = ChaosPump(worker: worker, server: server, onDamage: onDamage)
        while true {
            let (faults, link) = orders.withLock { orders in
                defer { orders.faults = [] }
                return (orders.isStopping ? [.reset] : orders.faults, orders.link)
            }
            for fault in faults { pump.strike(fault) }
            guard !pump.isOver else { break }
            pump.step(link, wake: wakeReader.descriptor)
        }
    }

    private func change(_ body: (inout Orders) -> Void) {
        orders.withLock { body(&$0) }
        wakeWriter.write([0])
    }
}
