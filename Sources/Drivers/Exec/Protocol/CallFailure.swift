// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// The reason why a request has no result.
enum CallFailure: Error, Sendable {
    /// The program has returned an error.
    case answered(ProgramError)
    /// The program has not responded in time: a predicate of "the driver program".
    case timedOut(String)
    /// The program has ended before it responded: a predicate of "the driver program".
    case ended(String)
    /// The agent is stopping.
    case stopped

    /// Returns the driver's error.
    ///
    /// - Parameter set: The requested load balancers; nil if the request was not an UPDATE.
    func driverError(for set: LoadBalancerSet? = nil) -> DriverError {
        switch self {
        case .answered(let error): error.driverError(for: set)
        case .timedOut(let reason): DriverError(.timedOut, "the driver program \(reason)")
        case .ended(let reason): DriverError(.unavailable, "the driver program \(reason)")
        case .stopped: .agentStops
        }
    }
}

extension DriverError {
    /// The error of a call while the agent stops.
    static let agentStops = DriverError(.cancelled, "the agent is stopping; send the message again")
}
