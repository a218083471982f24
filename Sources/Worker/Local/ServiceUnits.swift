// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

/// The agent's units of systemd.
enum ServiceUnits {
    /// The unit of an agent that runs HAProxy itself, and the one of an agent that drives haproxy.service.
    static func names(of program: String) -> [String] { ["\(program).service", "\(program)-systemd.service"] }
}
