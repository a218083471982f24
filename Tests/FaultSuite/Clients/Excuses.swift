// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The faults that may cause a FAIL.
///
/// Faults of a job server or the network only excuse METRICS: other jobs may lack a reply, but never get a wrong one.
struct Excuses: Sendable {
    /// How many seconds after its end a fault may still have an effect, by target.
    private let lags: [Chronicle.Target: Double]

    /// For jobs that need HAProxy, whose restart takes a while; a stopped agent finds its deadlines passed.
    static let device = Excuses(lags: [.haproxy: 20, .agent: 10])
    /// For jobs that also need the store.
    static let archive = Excuses(lags: [.haproxy: 20, .agent: 10, .store: 10])
    /// For METRICS: until a job server has confirmed the reply to one, another one is rejected.
    static func metrics(servers: Range<Int>) -> Excuses {
        var lags: [Chronicle.Target: Double] = [.haproxy: 20, .agent: 10]
        for server in servers {
            lags[.server(server)] = 25
            lags[.link(server)] = 25
        }
        return Excuses(lags: lags)
    }

    /// For jobs that only need the agent.
    static let none = Excuses(lags: [:])

    func cover(_ chronicle: Chronicle, from submitted: Double) -> Bool {
        let now = chronicle.clock.now
        return lags.contains { target, lag in
            !chronicle.disturbances(of: [target], from: submitted, to: now, lag: lag).isEmpty
        }
    }
}
