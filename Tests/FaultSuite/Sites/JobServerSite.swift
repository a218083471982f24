// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestServers

/// A job server that is killed, stopped and restarted on its port, and the proxy between it and the agent.
actor JobServerSite {
    nonisolated let index: Int
    nonisolated let port: Int
    nonisolated let link: ChaosProxy
    private var gearmand: GearmandServer
    private let chronicle: Chronicle
    private let folder: URL

    private init(index: Int, gearmand: GearmandServer, link: ChaosProxy, folder: URL, chronicle: Chronicle) {
        self.index = index
        self.gearmand = gearmand
        self.link = link
        self.folder = folder
        self.chronicle = chronicle
        port = gearmand.port
    }

    static func start(index: Int, in folder: URL, chronicle: Chronicle) async throws -> JobServerSite {
        let gearmand = try await GearmandServer.start(in: folder, isApart: true)
        let link = try ChaosProxy(to: gearmand.port)
        return JobServerSite(index: index, gearmand: gearmand, link: link, folder: folder, chronicle: chronicle)
    }

    /// Ends the server by a signal, and restarts it after a pause.
    func restart(signal: Int32, pause: Double) async throws {
        let number = chronicle.begin(.server(index), signal == SIGKILL ? "killed" : "restarted")
        gearmand.process.send(signal: signal)
        _ = try await gearmand.process.wait()
        try await Task.sleep(for: .seconds(pause))
        gearmand = try await GearmandServer.start(in: folder, port: port, isApart: true)
        chronicle.end(number)
    }

    /// Stops the server for some seconds.
    func freeze(seconds: Double) async throws {
        let number = chronicle.begin(.server(index), "stopped, \(rounded: seconds) s")
        gearmand.process.send(signal: SIGSTOP)
        try await Task.sleep(for: .seconds(seconds))
        gearmand.process.send(signal: SIGCONT)
        chronicle.end(number)
    }

    /// Changes how bytes are relayed for some seconds.
    func weather(_ weather: ChaosLink, seconds: Double) async throws {
        let number = chronicle.begin(.link(index), "\(weather.name), \(rounded: seconds) s")
        link.set(weather)
        try await Task.sleep(for: .seconds(seconds))
        link.set(.normal)
        chronicle.end(number)
    }

    /// Applies a fault to the current connections.
    func strike(_ fault: ChaosFault) {
        let number = chronicle.begin(.link(index), fault.name)
        link.strike(fault)
        chronicle.end(number)
    }

    func stop() async {
        link.stop()
        await gearmand.process.stop()
    }
}

extension ChaosLink {
    fileprivate var name: String {
        switch self {
        case .normal: "normal"
        case .delayed(let milliseconds): "delayed, \(milliseconds) ms"
        case .trickling: "in pieces"
        case .stalled: "stalled"
        case .refusing: "refusing"
        }
    }
}

extension ChaosFault {
    fileprivate var name: String {
        switch self {
        case .reset: "reset"
        case .close: "closed"
        case .halfClose(let direction): "half-closed \(direction)"
        case .resetAfter(let count, let direction): "reset \(direction), after \(count) bytes"
        case .silence(let directions): "silent \(directions.map(\.rawValue).sorted().joined(separator: " and "))"
        case .corrupt(.magic): "damaged magic"
        case .corrupt(.kind(let kind)): "damaged type, \(kind)"
        case .corrupt(.size(let change)): "damaged size, \(change)"
        case .corrupt(.insert(let bytes)): "inserted bytes, \(bytes.count)"
        }
    }
}

extension String.StringInterpolation {
    mutating func appendInterpolation(rounded value: Double) { appendInterpolation((value * 100).rounded() / 100) }
}
