// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// What the operator wants of a node: the field `condition`.
public enum NodeCondition: String, NamedChoice {
    /// It takes its share.
    case enabled = "ENABLED"
    /// It takes nothing and is not checked.
    case disabled = "DISABLED"
    /// It keeps what it has and takes nothing new.
    case draining = "DRAINING"
}
