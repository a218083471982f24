// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardSystem

/// The configuration that the running HAProxy reports: a process variable, set by the loaded file and by every later
/// change.
enum RuntimeMark: Hashable, Sendable {
    /// This configuration.
    case serving(Fingerprint)
    /// Between two configurations: a change was started but not finished.
    case changing
    /// Not a configuration of this driver.
    case foreign

    static let variable: HAProxyWord = "proc.steelyard"

    /// Parses the answer to `get var`.
    init(answer: some StringProtocol) {
        let value = answer.split(separator: "<").last?.prefix { $0 != ">" } ?? ""
        if value == Self.changing.value.text {
            self = .changing
        } else {
            self = Fingerprint(value).map(Self.serving) ?? .foreign
        }
    }

    /// The variable's value.
    var value: HAProxyWord {
        switch self {
        case .serving(let fingerprint): "\(fingerprint)"
        case .changing: "changing"
        case .foreign: ""
        }
    }
}
