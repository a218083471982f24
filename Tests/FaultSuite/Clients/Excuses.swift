// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The faults that a FAIL may come of.
///
/// A fault of a job server or of the network is none but for METRICS: a job then has no reply yet, but never a wrong one.
struct Excuses: Sendable {
    /// How many seconds after the end of a fault it may still have an effect, by what was harmed.
    private let lags: [Chronicle.Target: Double]

    /// For what needs HAProxy, which takes a while to be started again; an agent that was stopped finds its deadlines passed.
    static let device = Excuses(lags: [.haproxy: 20, .agent: 10])
    /// For what needs the store, too.
    static let archive = Excuses(lags: [.haproxy: 20, .agent: 10, .store: 10])
    /// For METRICS: while a job server has not confirmed that it has received one, another one is refused.
    static func metrics(servers: Range<Int>) -> Excuses {
        var lags: [Chronicle.Target: Double] = [.haproxy: 20, .agent: 10]
        for server in servers {
            lags[.server(server)] = 25
            lags[.link(server)] = 25
        }
        return Excuses(lags: lags)
    }

    /// For what needs nothing but the agent.
    static let none = Excuses(lags: [:])

    func cover(_ chronicle: Chronicle, from submitted: Double) -> Bool {
        let now = chronicle.clock.now
        return lags.contains { target, lag in
            !chronicle.disturbances(of: [target], from: submitted, to: now, lag: lag).isEmpty
        }
    }
}
