// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestServers

/// A fault.
enum FaultAction: Hashable, Sendable {
    /// The target of a fault.
    enum Kind: Sendable {
        case server
        case link
        case store
        case agent
        case haproxyFreeze
        case haproxyKill
    }

    case restartServer(Int, signal: Int32, pause: Double)
    case freezeServer(Int, seconds: Double)
    case weather(Int, ChaosLink, seconds: Double)
    case strike(Int, ChaosFault)
    case restartAgent(signal: Int32, pause: Double)
    case freezeAgent(seconds: Double)
    case freezeHAProxy(master: Bool, seconds: Double)
    case killHAProxy(master: Bool, signal: Int32)
    case restartStore(signal: Int32, pause: Double)
    case freezeStore(seconds: Double)

    var target: Chronicle.Target {
        switch self {
        case .restartServer(let index, _, _), .freezeServer(let index, _): .server(index)
        case .weather(let index, _, _), .strike(let index, _): .link(index)
        case .restartAgent, .freezeAgent: .agent
        case .freezeHAProxy, .killHAProxy: .haproxy
        case .restartStore, .freezeStore: .store
        }
    }

    var isSilence: Bool {
        if case .strike(_, .silence) = self { return true }
        return false
    }

    /// A random fault.
    ///
    /// - Parameter seconds: The maximum duration of a fault that has one.
    static func random(
        _ kind: Kind,
        servers: Int,
        seconds: Double,
        _ generator: inout SeededGenerator
    ) -> FaultAction {
        let duration = min(seconds, Double.random(in: 0.1...4, using: &generator))
        let pause = Double.random(in: 0...1, using: &generator)
        let index = generator.below(servers)
        let signal = generator.isLucky(oneIn: 3) ? SIGTERM : SIGKILL
        switch kind {
        case .server:
            return generator.isLucky(oneIn: 2)
                ? .freezeServer(index, seconds: duration) : .restartServer(index, signal: signal, pause: pause)
        case .link:
            return generator.isLucky(oneIn: 3)
                ? .weather(index, weather(&generator), seconds: duration) : .strike(index, strike(&generator))
        case .store:
            return generator.isLucky(oneIn: 3)
                ? .restartStore(signal: signal, pause: pause) : .freezeStore(seconds: duration)
        case .agent:
            return generator.isLucky(oneIn: 2)
                ? .freezeAgent(seconds: duration) : .restartAgent(signal: signal, pause: pause)
        case .haproxyFreeze: return .freezeHAProxy(master: generator.isLucky(oneIn: 2), seconds: duration)
        case .haproxyKill: return .killHAProxy(master: generator.isLucky(oneIn: 2), signal: signal)
        }
    }

    private static func weather(_ generator: inout SeededGenerator) -> ChaosLink {
        switch generator.below(4) {
        case 0: .delayed(milliseconds: 10 + generator.below(300))
        case 1: .trickling
        case 2: .stalled
        default: .refusing
        }
    }

    private static func strike(_ generator: inout SeededGenerator) -> ChaosFault {
        let direction = generator.pick(ChaosFault.Direction.allCases)
        switch generator.below(9) {
        case 0: return .reset
        case 1: return .close
        case 2: return .halfClose(direction)
        case 3, 4: return .resetAfter(generator.below(400), direction)
        case 5: return .silence([direction])
        case 6: return .silence([.toServer, .toWorker])
        default: return .corrupt(corruption(&generator))
        }
    }

    private static func corruption(_ generator: inout SeededGenerator) -> ChaosFault.Corruption {
        switch generator.below(6) {
        case 0: .magic
        case 1: .kind(UInt32(generator.below(60)))
        case 2: .size(generator.pick([-12, -1, 1, 40, 70_000, 0x7000_0000]))
        case 3: .insert(Array("ERROR unknown_command\r\n".utf8))
        case 4: .insert(Array("SSH-2.0-OpenSSH_9.2p1\r\n".utf8))
        default: .insert((0...generator.below(40)).map { _ in UInt8(truncatingIfNeeded: generator.next()) })
        }
    }
}
