// SPDX-FileCopyrightText: the Steelyard authors
// SPDX-License-Identifier: Apache-2.0

import SteelyardSystem

/// What the running HAProxy says that it serves: a variable of the process, set by the file that it has loaded, and by
/// every change since.
enum RuntimeMark: Hashable, Sendable {
    /// Exactly this.
    case serving(Fingerprint)
    /// Something between two configurations: a change was begun and not finished.
    case changing
    /// Nothing that this driver has made.
    case foreign

    static let variable: HAProxyWord = "proc.steelyard"

    /// Reads the answer to `get var`.
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
