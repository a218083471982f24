// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// One connection of a worker through a ``ChaosProxy``, with a thread of its own.
final class ChaosConnection: Sendable {
    /// What the proxy wants of the connection.
    private struct Orders {
        var faults: [ChaosFault] = []
        var link: ChaosLink
        var isStopping = false
    }

    private let orders: Mutex<Orders>
    /// A pair of sockets: a byte in it has the thread look at its orders.
    private let wakeReader: LoopbackSocket
    private let wakeWriter: LoopbackSocket
    private let worker: LoopbackSocket
    private let port: Int
    private let onDamage: @Sendable (String) -> Void

    /// - Parameters:
    ///   - worker: The connection that was accepted.
    ///   - port: Where the job server is.
    ///   - onDamage: Takes the handle of each job that was assigned by a damaged packet, or after one.
    init(
        worker: LoopbackSocket,
        port: Int,
        link: ChaosLink,
        onDamage: @escaping @Sendable (String) -> Void
    ) throws {
        var pair: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC | O_NONBLOCK, 0, &pair) == 0 else {
            throw ServerFailure("no pair of sockets: errno \(errno)")
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

    /// Carries the connection until it ends.
    func run() {
        // A job server that is not there: the worker sees a connection that ends as soon as it is made.
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
