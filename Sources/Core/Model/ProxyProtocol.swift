// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The version of the PROXY protocol in which a node receives the client's address: the field `proxy_protocol`.
public enum ProxyProtocol: String, NamedChoice {
    /// Version 1, a line of text.
    case v1 = "V1"
    /// Version 2, binary.
    case v2 = "V2"
}
