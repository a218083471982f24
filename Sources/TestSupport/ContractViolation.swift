// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// Says which rule of a contract an implementation breaks.
public struct ContractViolation: Error, CustomStringConvertible {
    /// What was expected and what came.
    public let description: String

    init(_ description: String) { self.description = description }
}

func require(_ condition: Bool, _ rule: @autoclosure () -> String) throws(ContractViolation) {
    guard condition else { throw ContractViolation(rule()) }
}
