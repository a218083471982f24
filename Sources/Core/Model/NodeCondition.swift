// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The administrative state of a node: the field `condition`.
public enum NodeCondition: String, NamedChoice {
    /// It receives its share of clients.
    case enabled = "ENABLED"
    /// It receives no traffic and is not checked.
    case disabled = "DISABLED"
    /// It keeps its connections and receives no new clients.
    case draining = "DRAINING"
}
