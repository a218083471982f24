// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardCore

/// Says why a request has no result.
enum CallFailure: Error, Sendable {
    /// The program has answered with an error.
    case answered(ProgramError)
    /// The program has not answered in time: what it did, as the end of a sentence.
    case timedOut(String)
    /// The program has ended or was ended before it answered: why, as the end of a sentence.
    case ended(String)
    /// The agent is stopping.
    case stopped

    /// The error of a driver.
    ///
    /// - Parameter set: What was asked for; nil where no UPDATE was sent.
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
