// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The error of an implementation that violates a rule of a contract.
public struct ContractViolation: Error, CustomStringConvertible {
    /// The expected and the actual result.
    public let description: String

    init(_ description: String) { self.description = description }
}

func require(_ condition: Bool, _ rule: @autoclosure () -> String) throws(ContractViolation) {
    guard condition else { throw ContractViolation(rule()) }
}
